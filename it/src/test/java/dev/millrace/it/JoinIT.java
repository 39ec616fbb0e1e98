package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * A second machine, which reaches the master by HTTPS alone, joins by the line that {@code
 * bin/millrace join} prints; it drains and is removed.
 */
@Tag("join")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JoinIT {
  private static final Duration LIMIT = Duration.ofSeconds(120);

  private Netns other;
  private Authority authority;
  private SSLContext before;
  private Distribution millrace;
  private Path dir;

  @BeforeAll
  void start() throws Exception {
    other = Netns.open();
    Path folder = Files.createTempDirectory("it-join");
    authority = Authority.in(folder);
    authority.issue("master", "rsa:2048", "DNS:localhost,IP:127.0.0.1,IP:" + other.here());
    before = SSLContext.getDefault();
    SSLContext.setDefault(authority.trust());
    millrace =
        Distribution.unpack(
            Map.of(
                "MILLRACE_HTTP_HOST", "0.0.0.0",
                "MILLRACE_TLS_CERT", folder.resolve("master.crt").toString(),
                "MILLRACE_TLS_KEY", folder.resolve("master.key").toString(),
                "MILLRACE_TLS_CA", authority.pem().toString()));
    millrace.set("MILLRACE_WORKER_URL", millrace.address().replace("127.0.0.1", other.here()));
    Files.delete(millrace.home().resolve("conf/dev.millrace.provider.onprem~local.json"));
    millrace.boot();
    dir = Files.createTempDirectory("it-join-machine").resolve("worker");
  }

  @AfterAll
  void stop() throws IOException {
    if (dir != null && Files.exists(dir.resolve("pid"))) {
      ProcessHandle.of(Long.parseLong(Files.readString(dir.resolve("pid")).strip()))
          .ifPresent(ProcessHandle::destroy);
    }
    if (millrace != null) {
      millrace.close();
      SSLContext.setDefault(before);
    }
    if (other != null) {
      other.close();
    }
  }

  @Test
  void aMachineJoinsByTheLineDrainsAndIsRemoved() throws Exception {
    millrace.millrace("group", "create", "hall", "--runtime", "process").expectSuccess();
    String line = line();
    assertTrue(line.contains(authority.sha256()), "the line does not name the authority: " + line);
    Machine.Result joined = other.shell(dir.getParent(), line);
    assertEquals(0, joined.code(), joined.output());
    assertEquals("ready", worker().get("state").asText());

    Machine.Result again = other.shell(dir.getParent(), line.replace(dir.toString(), dir + "2"));
    assertNotEquals(0, again.code(), again.output());
    assertTrue(again.output().contains("used or expired. Ask for a new one."), again.output());
    String damaged =
        line().replace(authority.sha256(), "0".repeat(64)).replace(dir + "", dir + "3");
    assertNotEquals(0, other.shell(dir.getParent(), damaged).code(), "a foreign authority is used");
    assertFalse(Files.exists(Path.of(dir + "3")));

    String late = line("--expires", "1s").replace(dir + "", dir + "4");
    Instant over = Instant.now().plusSeconds(1);
    Machine.await(
        "the end of the token's life",
        LIMIT,
        () -> Instant.now().isAfter(over) ? Optional.of(true) : Optional.empty());
    Machine.Result tooLate = other.shell(dir.getParent(), late);
    assertNotEquals(0, tooLate.code(), tooLate.output());
    assertTrue(tooLate.output().contains("used or expired. Ask for a new one."), tooLate.output());
    assertFalse(Files.exists(Path.of(dir + "4/worker")), "it has joined");

    Project project = Project.of(millrace.user("ada"), "join");
    String running =
        project.run(
            Code.script(
                "cat /proc/net/fib_trie; echo begun; sleep 5; echo ended > $VH_OUTPUTS_DIR/a"),
            Map.of("environment", "hall"));
    project.awaitLine(running, "begun");
    String name = worker().get("name").asText();
    millrace.millrace("worker", "drain", name).expectSuccess();
    String waiting = project.run(Code.script("echo at last"), Map.of("environment", "hall"));
    assertEquals("complete", project.api().awaitEnd(running, LIMIT).get("status").asText());
    assertEquals("ended\n", project.output(running, "a"));
    assertTrue(
        project.log(running, Optional.of("stdout")).stream()
            .anyMatch(l -> l.contains(other.here().replaceFirst("1$", "2"))),
        "it ran on the other machine");
    awaitReason(project, waiting, "drain");
    assertEquals("draining", worker().get("state").asText());
    millrace.millrace("worker", "resume", name).expectSuccess();
    assertEquals("complete", project.api().awaitEnd(waiting, LIMIT).get("status").asText());

    String busy = project.run(Code.script("echo begun; sleep 600"), Map.of("environment", "hall"));
    project.awaitLine(busy, "begun");
    Machine.Result refused = millrace.millrace("worker", "remove", name);
    assertEquals(1, refused.code(), refused.output());
    assertTrue(refused.output().contains("drain it"), refused.output());
    project.stop(busy);
    project.api().awaitEnd(busy, LIMIT);
    String credential = Files.readString(credentialFile()).strip();
    assertEquals(200, beat(credential));
    Machine.await(
        "the removal once its last run is settled",
        LIMIT,
        () ->
            millrace.millrace("worker", "remove", name).code() == 0
                ? Optional.of(true)
                : Optional.empty());
    assertEquals(401, beat(credential));
    Machine.await(
        "the end of the removed worker",
        LIMIT,
        () ->
            ProcessHandle.of(Long.parseLong(Files.readString(dir.resolve("pid")).strip()))
                    .filter(ProcessHandle::isAlive)
                    .isEmpty()
                ? Optional.of(true)
                : Optional.empty());
  }

  private String line(String... more) {
    List<String> command =
        new ArrayList<>(List.of("join", "hall", "--runtimes", "process", "--dir", dir.toString()));
    command.addAll(List.of(more));
    String line =
        millrace
            .millrace(command.toArray(String[]::new))
            .expectSuccess()
            .lines()
            .filter(l -> l.contains("join.sh"))
            .findFirst()
            .orElseThrow();
    assertFalse(line.contains("mrt_"), "it holds a token of the API");
    return line;
  }

  private JsonNode worker() {
    JsonNode workers = millrace.admin().get("/api/v0/workers/").expectSuccess().get("results");
    assertEquals(1, workers.size(), workers.toPrettyString());
    return workers.get(0);
  }

  private Path credentialFile() throws IOException {
    try (var files = Files.walk(dir.resolve("worker"), 1)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith("credential"))
          .findFirst()
          .orElseThrow();
    }
  }

  private int beat(String credential) {
    return Integer.parseInt(
        Machine.run(
                dir,
                List.of(
                    "curl",
                    "-s",
                    "-o",
                    "/dev/null",
                    "-w",
                    "%{http_code}",
                    "--cacert",
                    authority.pem().toString(),
                    "-H",
                    "Authorization: Bearer " + credential,
                    "-H",
                    "Content-Type: application/json",
                    "-d",
                    "{\"freeSlots\":1,\"runs\":[],\"diskFreeMiB\":1}",
                    millrace.address() + "/worker/v1/beat"))
            .expectSuccess());
  }

  private static void awaitReason(Project project, String execution, String words) {
    Machine.await(
        "\"" + words + "\" as the reason of the wait",
        LIMIT,
        () -> {
          String detail = project.detail(execution).path("status_detail").asText();
          if (detail.contains(words)) {
            return Optional.of(true);
          }
          throw new IllegalStateException(detail);
        });
  }
}
