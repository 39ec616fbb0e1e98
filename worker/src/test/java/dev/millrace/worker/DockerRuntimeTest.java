package dev.millrace.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real worker with a real engine, from claim to sealed. */
@Tag("docker")
class DockerRuntimeTest {
  private static final String IMAGE = "millrace-worker-test:" + ProcessHandle.current().pid();

  @TempDir Path dir;
  private final String id = UUID.randomUUID().toString();
  private final String container = "millrace-" + id;
  private FakeMaster master;
  private WorkerProcess worker;

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
    master = new FakeMaster();
    worker = startWorker();
  }

  @AfterEach
  void stop() throws Exception {
    WorkerProcess.remove(dir);
    worker.close();
    master.close();
    assertEquals("", sh("docker ps -aq --filter label=dev.millrace.worker=" + dir));
  }

  private WorkerProcess startWorker() throws IOException {
    return WorkerProcess.start(master.address(), dir, "--runtimes", "docker");
  }

  private ObjectNode assignment(String... commands) throws IOException {
    ObjectNode assignment = master.assignment(id, commands);
    assignment.put("runtime", "docker");
    assignment.putObject("image").put("reference", IMAGE);
    return assignment;
  }

  private static ObjectNode limits(ObjectNode assignment) {
    return (ObjectNode) assignment.get("limits");
  }

  private FakeMaster.Seen run(ObjectNode assignment) {
    FakeMaster.Seen run = master.offer(assignment);
    master.await(run, "settled", r -> r.settled != null);
    return run;
  }

  private String stored(JsonNode output) {
    return new String(master.store.get(output.get("uploadId").asText()), StandardCharsets.UTF_8);
  }

  private static String socket() {
    String host = System.getenv("DOCKER_HOST");
    return host == null ? "/var/run/docker.sock" : host.substring("unix://".length());
  }

  private static String group() throws Exception {
    return sh("stat -c %g " + socket());
  }

  /** Becomes a user who may use the engine. */
  private static List<String> other(String uid) throws Exception {
    return List.of("setpriv", "--reuid=" + uid, "--regid=" + uid, "--groups=" + group());
  }

  private static long processesNaming(String text) {
    return ProcessHandle.allProcesses()
        .filter(p -> p.info().commandLine().orElse("").contains(text))
        .count();
  }

  private static String sh(String script) throws IOException, InterruptedException {
    Process process = new ProcessBuilder("/bin/sh", "-c", script).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), script);
    assertEquals(0, process.exitValue(), script + ": " + output);
    return output.strip();
  }

  @Test
  void commandsRunInTheImageWithoutItsEntrypointAndOutputsAreKept() throws Exception {
    FakeMaster.Seen run =
        run(
            assignment(
                "pwd; echo \"$FROM_IMAGE $HOME\"; id -u; echo oops >&2",
                "touch /valohai/inputs/x 2>/dev/null && echo writable inputs",
                "touch /tmp/x && echo made > $VH_OUTPUTS_DIR/made"));
    assertEquals(1, run.ended.get("exitCode").asInt(), run.ended.toString());
    ObjectNode again = assignment("echo '{\"epoch\": 1}'; echo made > /valohai/outputs/made");
    again.put("executionId", UUID.randomUUID().toString());
    FakeMaster.Seen second = run(again);
    assertEquals(0, second.ended.get("exitCode").asInt(), second.log("status"));
    List<String> lines = run.log("stdout").lines().toList();
    assertEquals(List.of("/valohai/repository", "yes /valohai/.home"), lines.subList(0, 2));
    assertFalse(lines.get(2).equals("0"), "user code is root");
    assertEquals(3, lines.size(), lines.toString());
    assertEquals("oops\n", run.log("stderr"));
    assertEquals("made\n", stored(second.outputs.get("made")));
    assertEquals(1, second.metadata.size());
    String imageId = sh("docker image inspect -f '{{.Id}}' " + IMAGE);
    assertEquals(imageId, second.ended.get("image").get("id").asText());
    assertTrue(second.log("status").contains(imageId), second.log("status"));
  }

  @Test
  void aRunHasNoCapabilitiesItsOwnLimitsAndNoSecretInTheEnginesHands() throws Exception {
    ObjectNode assignment =
        assignment("grep -E 'CapBnd|NoNewPrivs' /proc/self/status; echo up; sleep 60");
    FakeMaster.Seen run = master.offer(assignment);
    master.await(run, "up", r -> r.log("stdout").contains("up"));
    assertTrue(run.log("stdout").contains("CapBnd:\t0000000000000000"), run.log("stdout"));
    assertTrue(run.log("stdout").contains("NoNewPrivs:\t1"), run.log("stdout"));
    String inspected = sh("docker inspect " + container);
    assertTrue(inspected.contains("\"Memory\": 2147483648"), inspected);
    assertTrue(inspected.contains("\"Type\": \"none\""), inspected);
    assertTrue(inspected.contains("MILLRACE_RUN=" + id), inspected);
    assertFalse(inspected.contains("hidden-value"), "a secret is shown by docker inspect");
    assertFalse(inspected.contains("short-lived"), "a registry login is shown by docker inspect");
    assertEquals(0, processesNaming("hidden-value"));
    master.order(id, "kill");
    master.await(run, "settled", r -> r.settled != null);
    assertTrue(run.ended.get("stopped").asBoolean());
  }

  @Test
  void anExitCodeIsToldWithItsReason() throws Exception {
    FakeMaster.Seen run = run(assignment("echo one", "sh -c 'exit 3'", "echo never"));
    assertEquals(3, run.ended.get("exitCode").asInt());
    assertEquals("exit-code", run.ended.get("reason").asText());
    assertEquals("one\n", run.log("stdout"));
    master.order(id, "sealed");
    master.await(run, "removed", r -> !Files.exists(dir.resolve("runs/" + id)));
    assertEquals("", sh("docker ps -aq --filter name=" + container));
  }

  @Test
  void stopReachesForegroundAndBackgroundTwoLevelsBelow() throws Exception {
    ObjectNode assignment =
        assignment(
            "cat > l.pl <<'X'\n"
                + "$SIG{INT} = sub { select(undef, undef, undef, $ARGV[1]);\n"
                + "open(F, '>', \"$ENV{VH_OUTPUTS_DIR}/$ARGV[0]\"); print F 'INT'; close F;"
                + " exit 0 };\n$| = 1; print \"up $ARGV[0]\\n\"; sleep 1 while 1;\nX\n"
                + "cat > a.sh <<'X'\nperl l.pl background 1 &\nperl l.pl foreground 0\nX\n"
                + "cat > b.sh <<'X'\nsh a.sh\nX\nsh b.sh");
    FakeMaster.Seen run = master.offer(assignment);
    master.await(run, "up", r -> r.log("stdout").lines().count() == 2);
    long from = System.nanoTime();
    master.order(id, "stop");
    master.await(run, "settled", r -> r.settled != null);
    assertTrue(System.nanoTime() - from < 10_000_000_000L);
    assertTrue(run.ended.get("stopped").asBoolean(), run.ended.toString());
    assertEquals("INT", stored(run.outputs.get("foreground")));
    assertEquals("INT", stored(run.outputs.get("background")));
  }

  @Test
  void whatIgnoresTheStopIsKilledAtTheGraceAndNothingIsLeft() throws Exception {
    ObjectNode assignment =
        assignment(
            "trap '' INT; (trap '' INT; exec sleep 4721) & echo up; while :; do sleep 1; done");
    limits(assignment).put("stopGraceSeconds", 2);
    FakeMaster.Seen run = master.offer(assignment);
    master.await(run, "up", r -> r.log("stdout").contains("up"));
    long from = System.nanoTime();
    master.order(id, "stop");
    master.await(run, "ended", r -> r.ended != null);
    assertTrue(System.nanoTime() - from > 1_900_000_000L, "the grace was not kept");
    assertTrue(run.ended.get("stopped").asBoolean());
    assertEquals(0, processesNaming("sleep 4721"));
  }

  @Test
  void aRunOutlivesItsWorkerAndNoByteIsLost() throws Exception {
    FakeMaster.Seen run =
        master.offer(
            assignment(
                "i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo line $i; sleep 0.02; done;"
                    + " echo done > \"$VH_OUTPUTS_DIR/end\"; exit 5"));
    master.await(run, "some lines", r -> r.log("stdout").contains("line 20\n"));
    worker.kill9();
    worker = startWorker();
    master.await(run, "settled", r -> r.settled != null);
    StringBuilder wanted = new StringBuilder();
    for (int i = 1; i <= 200; i++) {
      wanted.append("line ").append(i).append('\n');
    }
    assertEquals(wanted.toString(), run.log("stdout"));
    assertEquals(5, run.ended.get("exitCode").asInt());
    assertEquals("done\n", stored(run.outputs.get("end")));
  }

  @Test
  void aRunThatEndedWhileNoWorkerWasThereIsReportedByTheNext() throws Exception {
    FakeMaster.Seen run = master.offer(assignment("echo up; sleep 1; echo last; exit 4"));
    master.await(run, "up", r -> r.log("stdout").contains("up"));
    worker.kill9();
    sh("docker wait " + container);
    worker = startWorker();
    master.await(run, "settled", r -> r.settled != null);
    assertEquals(4, run.ended.get("exitCode").asInt(), run.ended.toString());
    assertEquals("up\nlast\n", run.log("stdout"));
  }

  @Test
  void anImageThatIsNowhereEndsTheRunWithWhatToDo() throws Exception {
    ObjectNode assignment = assignment("echo never");
    assignment.putObject("image").put("reference", "127.0.0.1:9/none/here:1").put("allowed", true);
    limits(assignment).put("imageSeconds", 2);
    FakeMaster.Seen run = run(assignment);
    assertEquals("image", run.ended.get("reason").asText());
    String detail = run.ended.get("detail").asText();
    assertTrue(detail.contains("127.0.0.1:9/none/here:1"), detail);
    assertTrue(detail.contains("refused") && detail.contains("reaches the registry"), detail);
    assertTrue(run.log("status").contains("cannot be pulled yet"), run.log("status"));
    assertEquals("", run.log("stdout"));
  }

  @Test
  void aStopWhileTheImageIsPulledEndsTheRun() throws Exception {
    ObjectNode assignment = assignment("echo never");
    assignment.putObject("image").put("reference", "127.0.0.1:9/none/here:1").put("allowed", true);
    FakeMaster.Seen run = master.offer(assignment);
    master.await(run, "tried", r -> r.log("status").contains("cannot be pulled yet"));
    master.order(id, "stop");
    master.await(run, "settled", r -> r.settled != null);
    assertTrue(run.ended.get("stopped").asBoolean(), run.ended.toString());
  }

  @Test
  void anImageWithoutAShellIsNamed() throws Exception {
    String image = "millrace-worker-test-bare:" + ProcessHandle.current().pid();
    sh("mkdir " + dir + "/bare && tar -C " + dir + "/bare -c . | docker import - " + image);
    try {
      ObjectNode assignment = assignment("echo never");
      assignment.putObject("image").put("reference", image);
      FakeMaster.Seen run = run(assignment);
      assertEquals("image", run.ended.get("reason").asText());
      assertTrue(run.ended.get("detail").asText().contains("/bin/sh"), run.ended.toString());
    } finally {
      sh("docker rmi -f " + image);
    }
  }

  @Test
  void memoryThatRunsOutIsToldAsSuch() throws Exception {
    ObjectNode assignment = assignment("perl -e '$x = \"x\" x 200000000; print length $x'");
    limits(assignment).put("memoryMiB", 64);
    FakeMaster.Seen run = run(assignment);
    assertEquals("oom", run.ended.path("reason").asText(), run.ended.toString());
    assertTrue(run.ended.get("detail").asText().contains("64 MiB"), run.ended.toString());
  }

  @Test
  void aContainerKilledFromOutsideIsToldAsSuch() throws Exception {
    FakeMaster.Seen run = master.offer(assignment("echo up; sleep 60"));
    master.await(run, "up", r -> r.log("stdout").contains("up"));
    sh("docker rm -f " + container);
    master.await(run, "settled", r -> r.settled != null);
    assertEquals("killed", run.ended.get("reason").asText(), run.ended.toString());
  }

  @Test
  void removeEndsTheWorkerAndItsContainers() throws Exception {
    FakeMaster.Seen run = master.offer(assignment("echo up; sleep 4723"));
    master.await(run, "up", r -> r.log("stdout").contains("up"));
    assertEquals(0, WorkerProcess.remove(dir));
    worker.awaitExit();
    assertEquals("", sh("docker ps -aq --filter name=" + container));
    assertFalse(Files.exists(dir.resolve("runs/" + id)));
  }

  @Test
  void aContainerWhoseRunIsForgottenIsSweptByTheNextWorker() throws Exception {
    worker.close();
    sh(
        "docker run -d --name "
            + container
            + " --network none --label dev.millrace.worker="
            + dir
            + " --label dev.millrace.execution="
            + id
            + " --entrypoint sleep "
            + IMAGE
            + " 600");
    worker = startWorker();
    master.awaitClaim();
    assertEquals("", sh("docker ps -aq --filter name=" + container));
  }

  @Test
  void aWorkerThatIsNotRootRunsContainersUnderItsOwnUser() throws Exception {
    assumeTrue(RunUser.current().root(), "this test becomes another user");
    String other = "54321";
    List<String> reach = new ArrayList<>(other(other));
    reach.addAll(List.of("test", "-w", socket()));
    assumeTrue(
        new ProcessBuilder(reach).start().waitFor() == 0,
        "the folder of the engine's socket is closed to others");
    worker.close();
    Path lib = Files.createDirectory(dir.resolve("lib"));
    List<String> classPath = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(":")) {
      Path copy = lib.resolve(classPath.size() + "-" + Path.of(entry).getFileName());
      sh("cp -R " + entry + " " + copy + " 2>/dev/null || true");
      classPath.add(copy.toString());
    }
    Path own = Files.createDirectory(dir.resolve("own"));
    sh("chmod -R go=rX " + dir + " && chown " + other + ":" + other + " " + own);
    try (WorkerProcess plain =
        WorkerProcess.start(
            other(other),
            String.join(":", classPath),
            master.address(),
            own,
            "--runtimes",
            "docker")) {
      FakeMaster.Seen run =
          run(assignment("id -u; mkdir $VH_OUTPUTS_DIR/d; echo x > $VH_OUTPUTS_DIR/d/x"));
      assertEquals(0, run.ended.get("exitCode").asInt(), plain.output());
      assertEquals(other + "\n", run.log("stdout"));
      assertEquals("x\n", stored(run.outputs.get("d/x")));
      master.order(id, "sealed");
      master.await(run, "removed", r -> !Files.exists(own.resolve("runs/" + id)));
    }
  }

  @Test
  void withoutAnEngineTheRuntimeIsNotOffered() throws Exception {
    master.awaitRuntimes(List.of("docker"));
    worker.close();
    worker =
        WorkerProcess.start(
            master.address(),
            dir,
            "--runtimes",
            "docker,process",
            "--docker-host",
            "unix://" + dir + "/none.sock");
    master.awaitRuntimes(List.of("process"));
  }
}
