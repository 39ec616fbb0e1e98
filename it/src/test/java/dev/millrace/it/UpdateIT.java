package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * A master that ships another worker: a machine that joined by the line and the local one change
 * over between two runs, and stay with what they have where the other is of no use.
 */
@Tag("update")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class UpdateIT {
  private static final Duration LIMIT = Duration.ofSeconds(120);
  private static final List<String> GROUPS = List.of("hall", "local");
  private static final int LINES = 3_000;

  /** Writes, waits until the test says so, writes on. */
  private static final String RUN =
      """
      seq 1 1500
      until [ -e "$VH_OUTPUTS_DIR/../go" ]; do sleep 0.1; done
      seq 1501 3000
      echo whole >"$VH_OUTPUTS_DIR/end.txt"
      """;

  private Distribution millrace;
  private Project project;
  private Path dir;
  private Path shipped;
  private String commit;

  @BeforeAll
  void start() throws Exception {
    millrace =
        Distribution.start(
            Map.of(
                "MILLRACE_LOCAL_SLOTS", "1",
                "MILLRACE_POLL_SECONDS", "1",
                "MILLRACE_WORKER_BEAT_SECONDS", "1"));
    Path archive = WorkerArchive.shipped(millrace);
    shipped =
        Files.copy(
            archive,
            Files.createDirectory(millrace.folder().resolve("shipped"))
                .resolve(archive.getFileName()));
    millrace.millrace("group", "create", "hall", "--runtime", "process").expectSuccess();
    dir = Files.createDirectory(millrace.folder().resolve("machine")).resolve("millrace");
    String line =
        millrace
            .millrace("join", "hall", "--runtimes", "process", "--dir", dir.toString())
            .expectSuccess()
            .lines()
            .filter(l -> l.contains("join.sh"))
            .findFirst()
            .orElseThrow();
    Machine.run(dir.getParent(), List.of("sh", "-c", line)).expectSuccess();
    project = Project.of(millrace.user("ada"), "update");
    commit = project.api().uploadCode(project.id(), Code.script(RUN).archive());
    expectARun();
  }

  @AfterAll
  void stop() throws IOException {
    if (dir != null && Files.exists(dir.resolve("pid"))) {
      ProcessHandle.of(Long.parseLong(Files.readString(dir.resolve("pid")).strip()))
          .ifPresent(
              process -> {
                process.descendants().forEach(ProcessHandle::destroy);
                process.destroy();
              });
    }
    if (millrace != null) {
      millrace.close();
    }
  }

  @Test
  void anUpdateBetweenTwoRunsIsNoticedByNeither() throws Exception {
    String old = release("hall");
    Map<String, String> first = begun();
    millrace.killMaster();
    WorkerArchive.ship(millrace, WorkerArchive.of(shipped).version("0.1.1").packed("0.1.1"));
    millrace.boot();
    Map<String, String> second = submitted();
    for (String group : GROUPS) {
      await(group, worker -> worker.get("paused").asText().contains("changes over"));
      assertEquals(old, release(group), "it does not change over while it has a run");
    }
    go(first);
    expectWhole(first);
    second.values().forEach(execution -> project.awaitLine(execution, "1500"));
    for (String group : GROUPS) {
      assertEquals("0.1.1", release(group));
      assertTrue(worker(group).get("trouble").isNull(), worker(group).toPrettyString());
    }
    go(second);
    expectWhole(second);
    if (Machine.full()) {
      WorkerArchive.ship(millrace, shipped);
      for (String group : GROUPS) {
        await(group, worker -> worker.get("release").asText().equals(old));
      }
      expectARun();
    }
  }

  @Test
  void aReleaseWithAnotherHashIsNotUsed() throws Exception {
    Path calls = millrace.folder().resolve("calls-of-foreign");
    Path announced = WorkerArchive.of(shipped).version("0.3.0").packed("0.3.0");
    Path foreign = WorkerArchive.script(WorkerArchive.noting(calls, "exit 0")).packed("0.3.0");
    Path stored =
        millrace.data().resolve("store/blobs/releases").resolve(WorkerArchive.sha256(announced));
    assertTrue(Files.isDirectory(stored.getParent()), stored + " is not where releases are kept");
    Files.write(stored, WorkerArchive.padded(foreign, Files.size(announced)));
    expectRefused(announced, "its SHA-256 is");
    assertEquals(List.of(), WorkerArchive.calls(calls), "what came was run");
  }

  @Test
  void aReleaseThatDoesNotStartIsTriedOnceAndNotUsed() throws Exception {
    Path calls = millrace.folder().resolve("calls-of-broken");
    Path broken =
        WorkerArchive.script(WorkerArchive.noting(calls, "echo this one is broken >&2; exit 1"))
            .packed("0.4.0");
    expectRefused(broken, "did not start: this one is broken");
    assertEquals(List.of("check", "check"), WorkerArchive.calls(calls));
  }

  @Test
  void aReleaseThatOnlySeemsToStartIsGivenUpForTheOneBefore() throws Exception {
    Path calls = millrace.folder().resolve("calls-of-liar");
    Path liar =
        WorkerArchive.script(
                WorkerArchive.noting(calls, "[ \"$1\" = check ] || { sleep 0.2; exit 1; }"))
            .packed("0.5.0");
    expectRefused(liar, "did not start");
    long runs = WorkerArchive.calls(calls).stream().filter("run"::equals).count();
    assertEquals(6, runs, "each of two workers starts it three times");
  }

  /** Ships a release that no worker may use, and sees that the one that it has goes on. */
  private void expectRefused(Path archive, String words) throws Exception {
    Map<String, String> before = new HashMap<>();
    GROUPS.forEach(group -> before.put(group, release(group)));
    WorkerArchive.ship(millrace, archive);
    for (String group : GROUPS) {
      await(group, worker -> worker.get("trouble").asText().contains(words));
    }
    expectARun();
    GROUPS.forEach(group -> assertEquals(before.get(group), release(group)));
    try (Stream<Path> releases = Files.list(dir.resolve("worker/releases"))) {
      assertTrue(
          releases.filter(p -> p.getFileName().toString().matches("[0-9].*")).count() <= 2,
          "more than two releases are kept");
    }
    assertFalse(Files.exists(dir.resolve("worker/releases/trial")));
  }

  private void expectARun() {
    Map<String, String> runs = begun();
    go(runs);
    expectWhole(runs);
  }

  /** One execution of each group, not begun yet. */
  private Map<String, String> submitted() {
    Map<String, String> executions = new HashMap<>();
    for (String group : GROUPS) {
      Map<String, Object> body =
          new HashMap<>(Map.of("project", project.id(), "commit", commit, "step", "run"));
      body.put("environment", group);
      executions.put(
          group,
          project.api().post("/api/v0/executions/", body).expectSuccess().get("id").asText());
    }
    return executions;
  }

  private Map<String, String> begun() {
    Map<String, String> executions = submitted();
    executions.values().forEach(execution -> project.awaitLine(execution, "1500"));
    return executions;
  }

  /** Lets them end: the file lies where each run sees it. */
  private void go(Map<String, String> executions) {
    for (String execution : executions.values()) {
      try (Stream<Path> all = Stream.concat(runs(dir.resolve("worker")), locals())) {
        Path work =
            all.map(runs -> runs.resolve(execution).resolve("work"))
                .filter(Files::isDirectory)
                .findFirst()
                .orElseThrow(() -> new AssertionError("no folder of " + execution));
        Files.createFile(work.resolve("go"));
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }
  }

  private static Stream<Path> runs(Path worker) {
    return Stream.of(worker.resolve("runs"));
  }

  private Stream<Path> locals() throws IOException {
    List<Path> found = new ArrayList<>();
    try (Stream<Path> nodes = Files.walk(millrace.data().resolve("onprem/nodes"), 3)) {
      nodes.filter(p -> p.endsWith("worker")).forEach(p -> found.add(p.resolve("runs")));
    }
    return found.stream();
  }

  private void expectWhole(Map<String, String> executions) {
    executions.forEach(
        (group, execution) -> {
          JsonNode detail = project.api().awaitEnd(execution, LIMIT);
          assertEquals("complete", detail.get("status").asText(), detail.toPrettyString());
          assertEquals(
              IntStream.rangeClosed(1, LINES).mapToObj(Integer::toString).toList(),
              project.log(execution, Optional.of("stdout")),
              group);
          assertEquals("whole\n", project.output(execution, "end.txt"));
        });
  }

  private JsonNode worker(String group) {
    JsonNode workers =
        millrace.admin().get("/api/v0/workers/?environment=" + group).expectSuccess();
    assertEquals(1, workers.get("results").size(), workers.toPrettyString());
    return workers.get("results").get(0);
  }

  private String release(String group) {
    return worker(group).get("release").asText();
  }

  private void await(String group, Predicate<JsonNode> condition) {
    Machine.await(
        "the worker of " + group,
        LIMIT,
        () -> {
          JsonNode worker = worker(group);
          if (condition.test(worker)) {
            return Optional.of(true);
          }
          throw new IllegalStateException(worker.toPrettyString());
        });
  }
}
