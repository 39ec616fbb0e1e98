package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * A worker in the foreground whose folder lies on a small disk of its own: what fills it ends with
 * the reason, and the worker goes on. And what it does with inputs that it keeps.
 */
@Tag("disk")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DiskIT {
  private static final Duration LIMIT = Duration.ofSeconds(90);
  private static final int DISK_MIB = 36;
  private static final int MIN_FREE_MIB = 12;

  private static final String YAML =
      """
      - step:
          name: run
          image: it-tools
          command: sh script.sh
          inputs:
            - name: data
              optional: true
      """;

  private Distribution millrace;
  private Project project;
  private Path disk;
  private Path programs;
  private Process worker;

  @BeforeAll
  void start() throws Exception {
    Machine.require("root".equals(System.getProperty("user.name")), "root");
    millrace =
        Distribution.start(
            Map.of("MILLRACE_POLL_SECONDS", "1", "MILLRACE_WORKER_BEAT_SECONDS", "1"));
    millrace.millrace("group", "create", "small", "--runtime", "process").expectSuccess();
    disk = Files.createDirectory(millrace.folder().resolve("disk"));
    Machine.run(
            disk, List.of("mount", "-t", "tmpfs", "-o", "size=" + DISK_MIB + "m", "it", "" + disk))
        .expectSuccess();
    programs = WorkerArchive.of(WorkerArchive.shipped(millrace)).program();
    String token =
        millrace
            .admin()
            .post("/api/v0/environments/small/join_tokens/", Map.of())
            .expectSuccess()
            .get("token")
            .asText();
    Path file = millrace.folder().resolve("join-token");
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(file, token);
    startWorker();
    project = Project.of(millrace.user("ada"), "disk");
  }

  private void startWorker() throws IOException {
    worker =
        new ProcessBuilder(
                programs.toString(),
                "keep",
                "--dir",
                disk.resolve("worker").toString(),
                "--master",
                millrace.address(),
                "--name",
                "small",
                "--runtimes",
                "process",
                "--min-free-mib",
                Integer.toString(MIN_FREE_MIB),
                "--join-token-file",
                millrace.folder().resolve("join-token").toString())
            .redirectErrorStream(true)
            .redirectOutput(
                ProcessBuilder.Redirect.appendTo(millrace.folder().resolve("worker.log").toFile()))
            .start();
    Machine.await(
        "the worker",
        LIMIT,
        () -> {
          JsonNode workers = millrace.admin().get("/api/v0/workers/?environment=small").json();
          return workers.get("results").size() == 1 ? Optional.of(true) : Optional.empty();
        });
  }

  @AfterEach
  void theWorkerLives() throws IOException {
    Files.deleteIfExists(disk.resolve("much"));
    Files.deleteIfExists(disk.resolve("more"));
    assertTrue(worker.isAlive(), "the worker has ended");
    Machine.await(
        "the removal of all runs",
        LIMIT,
        () -> runFolders().isEmpty() ? Optional.of(true) : Optional.empty());
    complete(submit("echo again", Map.of()));
  }

  @AfterAll
  void stop() throws Exception {
    if (worker != null) {
      worker.descendants().forEach(ProcessHandle::destroy);
      worker.destroy();
      worker.waitFor();
    }
    if (disk != null) {
      Machine.run(Path.of("/"), List.of("umount", "-l", disk.toString()));
    }
    if (millrace != null) {
      millrace.close();
    }
  }

  @Test
  void anOutputThatFillsTheDiskEndsTheRun() {
    String words =
        error(
            submit("echo begun; head -c 1G /dev/zero >\"$VH_OUTPUTS_DIR/big\"", Map.of()),
            "output");
    assertTrue(words.contains("disk is full") && words.contains("larger disk"), words);
  }

  @Test
  void aLogThatFillsTheDiskEndsTheRun() {
    String execution = submit("yes $(head -c 8000 /dev/zero | tr '\\0' x)", Map.of());
    // Its pipe takes no more, so that it waits and is stopped.
    String words = error(execution, "output");
    assertTrue(words.contains("filled the worker's disk"), words);
    assertTrue(
        project.log(execution, Optional.of("stdout")).size() > 1_000, "what was written is kept");
  }

  @Test
  void aRunThatGoesOnWithoutSpaceIsStopped() {
    String words =
        error(
            submit("head -c 1G /dev/zero >\"$VH_OUTPUTS_DIR/big\" || true; sleep 600", Map.of()),
            "output");
    assertTrue(words.contains("filled the worker's disk"), words);
  }

  @Test
  void anInputThatDoesNotFitEndsTheRun() {
    String made =
        elsewhere("head -c " + (DISK_MIB << 20) + " /dev/urandom >\"$VH_OUTPUTS_DIR/big\"");
    String words = error(submit("echo never", Map.of("inputs", inputs(made))), "input");
    assertTrue(words.contains("disk"), words);
  }

  @Test
  void codeThatDoesNotFitEndsTheRun() throws IOException {
    Code code = Code.of(Map.of("valohai.yaml", YAML, "script.sh", "echo never"));
    Machine.run(
            code.folder(), List.of("sh", "-c", "head -c " + (DISK_MIB << 20) + " /dev/zero >large"))
        .expectSuccess();
    String words = error(project.run(code, Map.of("environment", "small")), "input");
    assertTrue(words.contains("disk is full"), words);
  }

  @Test
  void withTooLittleSpaceNoRunIsTakenAndCachedInputsGoFirst() throws Exception {
    String made = elsewhere("head -c 8M /dev/urandom >\"$VH_OUTPUTS_DIR/kept\"");
    complete(submit("echo used", Map.of("inputs", inputs(made))));
    Machine.await(
        "the removal of the run",
        LIMIT,
        () -> runFolders().isEmpty() ? Optional.of(true) : Optional.empty());
    Path large =
        cached().stream().filter(p -> p.toFile().length() == 8 << 20).findFirst().orElseThrow();
    // With the cached input there is too little, without it just enough.
    fill("much", free() - (MIN_FREE_MIB - 3));
    Machine.await(
        "the end of the cached input",
        LIMIT,
        () -> Files.exists(large) ? Optional.empty() : Optional.of(true));
    complete(submit("echo fits", Map.of()));
    fill("more", free() - (MIN_FREE_MIB - 3));
    Machine.await(
        "the pause",
        LIMIT,
        () ->
            small().get("state").asText().equals("paused") ? Optional.of(true) : Optional.empty());
    String waiting = submit("echo at last", Map.of());
    Machine.await(
        "the reason of the wait",
        LIMIT,
        () -> {
          String detail = project.detail(waiting).path("status_detail").asText();
          if (detail.contains("MiB are free on the disk") && detail.contains("small")) {
            return Optional.of(true);
          }
          throw new IllegalStateException(detail);
        });
    assertEquals("queued", project.detail(waiting).get("status").asText());
    Files.delete(disk.resolve("much"));
    Files.delete(disk.resolve("more"));
    complete(waiting);
  }

  @Test
  void aCachedInputThatWasDamagedIsFoundByItsHashAndFetchedAgain() throws Exception {
    String made = elsewhere("head -c 1M /dev/urandom >\"$VH_OUTPUTS_DIR/kept\"");
    Map<String, Object> more = Map.of("inputs", inputs(made));
    String script = "sha256sum \"$VH_INPUTS_DIR/data/kept\" | cut -c 1-64";
    String first = complete(submit(script, more));
    expectStatus(first, "downloaded");
    String second = complete(submit(script, more));
    expectStatus(second, "from the cache");
    List<ProcessHandle> all = new ArrayList<>(worker.descendants().toList());
    all.add(worker.toHandle());
    all.forEach(ProcessHandle::destroyForcibly);
    worker.waitFor();
    Path kept = cached().get(0);
    kept.toFile().setWritable(true);
    byte[] bytes = Files.readAllBytes(kept);
    bytes[4711] ^= 1;
    Files.write(kept, bytes);
    startWorker();
    String third = complete(submit(script, more));
    expectStatus(third, "downloaded");
    assertEquals(
        project.log(first, Optional.of("stdout")), project.log(third, Optional.of("stdout")));
    assertFalse(
        java.util.Arrays.equals(bytes, Files.readAllBytes(cached().get(0))),
        "the damaged file is still there");
  }

  private String submit(String script, Map<String, Object> more) {
    Map<String, Object> all = new HashMap<>(more);
    all.putIfAbsent("environment", "small");
    return project.run(Code.of(Map.of("valohai.yaml", YAML, "script.sh", script)), all);
  }

  /** Runs on the other worker; answers the address of its only output. */
  private String elsewhere(String script) {
    String execution = complete(submit(script, Map.of("environment", "local")));
    JsonNode data =
        project.api().get("/api/v0/data/?output_execution=" + execution).expectSuccess();
    return "datum://" + data.at("/results/0/id").asText();
  }

  private static Map<String, List<String>> inputs(String address) {
    return Map.of("data", List.of(address));
  }

  private String complete(String execution) {
    JsonNode detail = project.api().awaitEnd(execution, LIMIT);
    assertEquals("complete", detail.get("status").asText(), detail.toPrettyString());
    return execution;
  }

  private String error(String execution, String reason) {
    JsonNode detail = project.api().awaitEnd(execution, LIMIT);
    assertEquals("error", detail.get("status").asText(), detail.toPrettyString());
    assertEquals(reason, detail.get("reason").asText(), detail.toPrettyString());
    return detail.get("status_detail").asText();
  }

  private void expectStatus(String execution, String text) {
    List<String> lines = project.log(execution, Optional.of("status"));
    assertTrue(lines.stream().anyMatch(l -> l.contains(text)), lines.toString());
  }

  private JsonNode small() {
    return millrace.admin().get("/api/v0/workers/?environment=small").json().at("/results/0");
  }

  private long free() throws IOException {
    return Files.getFileStore(disk).getUsableSpace() >> 20;
  }

  private void fill(String name, long mib) {
    Machine.run(disk, List.of("sh", "-c", "head -c " + mib + "M /dev/zero >" + name))
        .expectSuccess();
  }

  private List<Path> cached() throws IOException {
    try (Stream<Path> files = Files.walk(disk.resolve("worker/cache"))) {
      return files.filter(p -> p.getFileName().toString().length() == 64).toList();
    }
  }

  private List<Path> runFolders() throws IOException {
    try (Stream<Path> folders = Files.list(disk.resolve("worker/runs"))) {
      return folders.toList();
    }
  }
}
