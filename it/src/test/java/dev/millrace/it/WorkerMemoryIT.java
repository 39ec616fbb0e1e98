package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;

/**
 * What one user's runs leave behind, beside a run of another user on the same worker: that run
 * completes, the worker stays the same process and needs little more memory than idle.
 */
@Tag("worker-memory")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(value = 40, unit = TimeUnit.MINUTES)
class WorkerMemoryIT {
  private static final Duration LIMIT = Duration.ofMinutes(Machine.full() ? 30 : 5);
  private static final long MOST_KIB = 64 * 1024;
  private static final int NAMES = Machine.full() ? 400_000 : 40_000;
  private static final int LINES = Machine.full() ? 3_000_000 : 300_000;
  private static final Path CGROUPS = Path.of("/sys/fs/cgroup/memory");

  private static final String YAML =
      """
      - step:
          name: run
          image: it-tools
          command: sh run.sh
      """;

  private Runs runs;
  private Project ada;
  private Project mallory;
  private long idle;

  /** Where executions run. */
  Runs open() {
    return Runs.asProcesses(Map.of("MILLRACE_OUTPUT_FILES", "200"));
  }

  @BeforeAll
  void start() {
    runs = open();
    ada = in(Project.of(runs.millrace().user("ada"), "healthy"));
    mallory = in(Project.of(runs.millrace().user("mallory"), "hostile"));
    expect("complete", ada, ada.run(code("echo warm >$VH_OUTPUTS_DIR/a.txt")));
    idle = Peaks.ofWorker(runs.millrace(), () -> {}).worker();
  }

  private Project in(Project project) {
    return runs.image().map(project::in).orElse(project);
  }

  @AfterAll
  void stop() {
    if (runs != null) {
      runs.close();
    }
  }

  static Code code(String script) {
    return Code.of(Map.of("valohai.yaml", YAML, "run.sh", script + "\n"));
  }

  private static JsonNode expect(String status, Project project, String execution) {
    JsonNode detail = project.api().awaitEnd(execution, LIMIT);
    assertEquals(status, detail.get("status").asText(), detail.toPrettyString());
    return detail;
  }

  /** Runs it beside a run of the other user. */
  JsonNode hostile(String what, String status, Code code) {
    String healthy =
        ada.run(code("echo begun; sleep 3; echo healthy >$VH_OUTPUTS_DIR/a.txt; echo last"));
    List<JsonNode> details = new ArrayList<>();
    Peaks peaks =
        Peaks.ofWorker(
            runs.millrace(), () -> details.add(expect(status, mallory, mallory.run(code))));
    expect("complete", ada, healthy);
    assertEquals("healthy\n", ada.output(healthy, "a.txt"));
    assertTrue(ada.log(healthy, Optional.of("stdout")).contains("last"));
    String words =
        String.format(
            Locale.ROOT,
            "%s in %d s: worker %.1f MiB, idle %.1f",
            what,
            peaks.took().toSeconds(),
            peaks.worker() / 1024.0,
            idle / 1024.0);
    System.out.println(words);
    assertTrue(peaks.worker() - idle < MOST_KIB, words);
    return details.get(0);
  }

  private static String metadataLines(int count) {
    return "echo kept >$VH_OUTPUTS_DIR/a.txt; "
        + "awk 'BEGIN { x = sprintf(\"%100s\", \"\"); for (i = 0; i < "
        + count
        + "; i++) print \"{\\\"file\\\": \\\"f\" i \"\\\", \\\"metadata\\\": {\\\"a\\\": \\\"\" x \"\\\"}}\" }'"
        + " >$VH_OUTPUTS_DIR/valohai.metadata.jsonl; "
        + "echo '{\"file\": \"a.txt\", \"metadata\": {\"mine\": 1}}' >>$VH_OUTPUTS_DIR/valohai.metadata.jsonl";
  }

  @Test
  @Order(1)
  void metadataOfFilesThatAreNoOutputs() {
    JsonNode detail = hostile(LINES + " lines", "complete", code(metadataLines(LINES)));
    JsonNode data =
        mallory
            .api()
            .get("/api/v0/data/?output_execution=" + detail.get("id").asText())
            .expectSuccess();
    assertEquals(1, data.get("results").size());
    assertTrue(data.toString().contains("mine"), data.toString());
  }

  @Test
  @Order(2)
  void metadataOfOneLine() {
    hostile(
        "a line of 1 GiB",
        "complete",
        code("truncate -s 1G $VH_OUTPUTS_DIR/valohai.metadata.jsonl; echo x >$VH_OUTPUTS_DIR/a"));
  }

  @Test
  @Order(3)
  void moreOutputsWithLongNamesThanMayBe() {
    JsonNode detail =
        hostile(
            NAMES + " names",
            "error",
            code(
                "cd $VH_OUTPUTS_DIR; n=$(printf '%170s' | tr ' ' n); seq -f \"$n%.0f\" "
                    + NAMES
                    + " | xargs touch"));
    assertEquals("output", detail.get("reason").asText());
  }

  @Test
  @Order(4)
  void metadataThatAreLargeAsObjects() {
    hostile(
        "64 files of metadata",
        "complete",
        code(
            "cd $VH_OUTPUTS_DIR; for i in $(seq 64); do echo x >f$i;"
                + " awk 'BEGIN { printf \"{\"; for (i = 0; i < 3500; i++) printf \"\\\"%d\\\":{\\\"\\\":{}},\", i;"
                + " print \"\\\"x\\\":0}\" }' >f$i.metadata.json; done"));
  }

  @Test
  @Order(5)
  void aSubmoduleWhosePathIsBlanks() {
    Code code =
        Code.of(
            Map.of(
                "valohai.yaml",
                YAML,
                "run.sh",
                "echo ran\n",
                ".gitmodules",
                "path = a" + " ".repeat(1_000_000) + "b\n"));
    hostile("a line of blanks", "complete", code);
  }

  @Test
  @Order(6)
  void foldersWithoutAPath() throws IOException {
    JsonNode detail =
        hostile(
            "folders without a path",
            "complete",
            code(
                "cd $VH_REPOSITORY_DIR; n=$(printf '%200s' | tr ' ' d); i=0;"
                    + " while [ $i -lt 60 ]; do mkdir $n; cd -P $n || exit 1; i=$((i + 1)); done;"
                    + " head -c 1000000 /dev/zero >file; chmod 000 ."));
    String run = detail.get("id").asText();
    Machine.await(
        "the removal of the run's folder",
        LIMIT,
        () -> left(run).isEmpty() ? Optional.of(true) : Optional.empty());
  }

  /** Folders of a run that this installation's worker still has. */
  private List<Path> left(String run) throws IOException {
    List<Path> found = new ArrayList<>();
    Path nodes = runs.millrace().data().resolve("onprem/nodes");
    try (DirectoryStream<Path> all = Files.newDirectoryStream(nodes)) {
      for (Path node : all) {
        for (String place : List.of("worker/runs", "worker/trash")) {
          if (Files.isDirectory(node.resolve(place))) {
            try (DirectoryStream<Path> folders =
                Files.newDirectoryStream(node.resolve(place), run + "*")) {
              folders.forEach(found::add);
            }
          }
        }
      }
    }
    return found;
  }

  @Test
  @Order(7)
  @EnabledIf("full")
  void hundredThousandOutputsWithMetadataEach() {
    runs.close();
    runs = Runs.asProcesses();
    ada = in(Project.of(runs.millrace().user("ada"), "healthy"));
    mallory = in(Project.of(runs.millrace().user("mallory"), "legal"));
    expect("complete", ada, ada.run(code("echo warm >$VH_OUTPUTS_DIR/a.txt")));
    idle = Peaks.ofWorker(runs.millrace(), () -> {}).worker();
    JsonNode detail =
        hostile(
            "100,000 outputs with metadata",
            "complete",
            code(
                "cd $VH_OUTPUTS_DIR; seq -f 'f%.0f' 100000 | xargs touch; awk 'BEGIN { x = sprintf(\"%400s\", \"\");"
                    + " for (i = 1; i <= 100000; i++) print \"{\\\"file\\\": \\\"f\" i \"\\\", \\\"metadata\\\": {\\\"n\\\": \""
                    + " i \", \\\"x\\\": \\\"\" x \"\\\"}}\" }' >valohai.metadata.jsonl"));
    JsonNode data =
        mallory
            .api()
            .get("/api/v0/data/?output_execution=" + detail.get("id").asText() + "&limit=1")
            .expectSuccess();
    assertEquals(100_000, data.get("count").asInt());
  }

  @Test
  @Order(8)
  void aWorkerThatTheKernelKillsIsStartedAgainAndItsRunsGoOn() throws IOException {
    Machine.require(
        Machine.isRoot() && Files.isWritable(CGROUPS.resolve("cgroup.procs")),
        "root and memory control groups of version 1");
    Path group = CGROUPS.resolve("it-" + ProcessHandle.current().pid());
    Machine.run(Path.of("/"), List.of("mkdir", group.toString())).expectSuccess();
    long before = runs.millrace().worker();
    try {
      String healthy = ada.run(code("echo begun; sleep 10; echo healthy >$VH_OUTPUTS_DIR/a.txt"));
      ada.awaitLine(healthy, "begun");
      String run = mallory.run(code("echo begun; sleep 5; " + metadataLines(100_000)));
      mallory.awaitLine(run, "begun");
      // The processes of the runs are elsewhere: the next page that the worker needs ends it alone.
      Files.writeString(group.resolve("memory.limit_in_bytes"), "64K");
      Files.writeString(group.resolve("cgroup.procs"), Long.toString(before));
      long now =
          Machine.await(
              "another worker",
              LIMIT,
              () -> {
                long pid = runs.millrace().worker();
                return pid == before ? Optional.empty() : Optional.of(pid);
              });
      expect("complete", mallory, run);
      expect("complete", ada, healthy);
      assertEquals("healthy\n", ada.output(healthy, "a.txt"));
      assertEquals(now, runs.millrace().worker());
    } finally {
      Machine.run(Path.of("/"), List.of("rmdir", group.toString()));
    }
  }

  static boolean full() {
    return Machine.full();
  }
}
