package dev.millrace.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.worker.runtime.RunUser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a container may change of the machine, whoever its worker is. */
@Tag("docker")
class IsolationInDockerTest {
  private static final String IMAGE = "millrace-isolation:" + ProcessHandle.current().pid();
  private static final int UID = 54_323;

  @TempDir Path dir;
  private FakeMaster master;

  @BeforeAll
  static void image() throws Exception {
    sh("src/test/docker/tools-image.sh " + IMAGE);
  }

  @AfterAll
  static void removeImage() throws Exception {
    sh("docker rmi -f " + IMAGE);
  }

  @BeforeEach
  void start() throws IOException {
    assumeTrue(RunUser.current().root(), "this test becomes another user");
    master = new FakeMaster();
  }

  @AfterEach
  void stop() throws Exception {
    WorkerProcess.remove(dir.resolve("own"));
    master.close();
  }

  private static String sh(String script) throws IOException, InterruptedException {
    Process process = new ProcessBuilder("/bin/sh", "-c", script).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), script);
    assertEquals(0, process.exitValue(), script + ": " + output);
    return output.strip();
  }

  private WorkerProcess worker(IsolationTest.Who who) throws Exception {
    String host = System.getenv("DOCKER_HOST");
    String socket = host == null ? "/var/run/docker.sock" : host.substring("unix://".length());
    OtherUser other = new OtherUser(UID, List.of(sh("stat -L -c %g " + socket)), dir);
    Files.createDirectories(other.own());
    if (who == IsolationTest.Who.ROOT) {
      return WorkerProcess.start(master.address(), other.own(), "--runtimes", "docker");
    }
    List<String> reach = new ArrayList<>(other.prefix());
    reach.addAll(List.of("test", "-w", socket));
    assumeTrue(
        new ProcessBuilder(reach).start().waitFor() == 0,
        "the folder of the engine's socket is closed to others");
    return other.start(master.address(), "--runtimes", "docker");
  }

  private ObjectNode assignment(String... commands) throws IOException {
    ObjectNode assignment = master.assignment(UUID.randomUUID().toString(), commands);
    assignment.put("runtime", "docker");
    assignment.putObject("image").put("reference", IMAGE);
    ((ObjectNode) assignment.get("limits")).put("stopGraceSeconds", 1);
    return assignment;
  }

  @ParameterizedTest
  @EnumSource(IsolationTest.Who.class)
  void aContainerWritesItsOutputsRepositoryHomeAndTemporaryFilesAndNothingElse(
      IsolationTest.Who who) throws Exception {
    try (WorkerProcess worker = worker(who)) {
      FakeMaster.Seen run =
          master.offer(
              assignment(
                  "for d in /valohai/outputs /valohai/repository /valohai/.home /valohai/inputs"
                      + " /valohai/config /valohai/.millrace /valohai /tmp /var/tmp /dev/shm / /etc"
                      + " /usr /open /.millrace; do touch $d/made 2>/dev/null && echo $d; done; true",
                  "mv /valohai/outputs /valohai/moved 2>/dev/null && echo moved;"
                      + " rm /valohai/.millrace/env 2>/dev/null && echo removed;"
                      + " chmod 777 /valohai/.millrace 2>/dev/null && echo opened; true"));
      master.await(run, "settled", r -> r.settled != null);
      assertEquals(
          List.of(
              "/valohai/outputs",
              "/valohai/repository",
              "/valohai/.home",
              "/tmp",
              "/var/tmp",
              "/dev/shm"),
          run.log("stdout").lines().toList(),
          run.log("status") + worker.output());
    }
  }

  @ParameterizedTest
  @EnumSource(IsolationTest.Who.class)
  void neitherAStopNorTheOutputsLeadOutOfTheRun(IsolationTest.Who who) throws Exception {
    Path victim = Files.writeString(dir.resolve("victim"), "as it was");
    try (WorkerProcess worker = worker(who)) {
      if (who == IsolationTest.Who.OTHER) {
        Files.setAttribute(victim, "unix:uid", UID);
      }
      ObjectNode assignment =
          assignment(
              "ln -s "
                  + victim
                  + " /valohai/.millrace/stopping 2>/dev/null;"
                  + " mv /valohai/outputs /valohai/o2 2>/dev/null;"
                  + " ln -s "
                  + dir
                  + "/own /valohai/outputs 2>/dev/null;"
                  + " echo up; sleep 600");
      FakeMaster.Seen run = master.offer(assignment);
      master.await(run, "up", r -> r.log("stdout").contains("up"));
      master.order(assignment.get("executionId").asText(), "stop");
      master.await(run, "settled", r -> r.settled != null);
      assertEquals("as it was", Files.readString(victim), worker.output());
      assertFalse(run.outputs.containsKey("credential"), run.outputs.toString());
      assertTrue(Files.exists(dir.resolve("own/credential")));
    }
  }
}
