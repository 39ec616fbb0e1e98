package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Executions ended by each reason code, those that hit a limit, and what mounts show. They run side
 * by side; each test waits for its own.
 */
@Tag("reasons")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ReasonsIT {
  static final Duration LIMIT = Duration.ofSeconds(120);

  /** So many slots that the share of memory of each is small. */
  private static final int SLOTS = 64;

  static final Map<String, String> SETTINGS =
      Map.of(
          "MILLRACE_LOCAL_SLOTS", Integer.toString(SLOTS),
          "MILLRACE_WORKER_BEAT_SECONDS", "1",
          "MILLRACE_WORKER_LOST_SECONDS", "10",
          "MILLRACE_OFFER_SECONDS", "5",
          "MILLRACE_LOG_BYTES", "100000",
          "MILLRACE_METADATA_LINES", "50",
          "MILLRACE_OUTPUT_FILES", "20");

  private static final String YAML =
      """
      - step:
          name: exit-code
          image: it-tools
          command: exit 7
      - step:
          name: killed
          image: it-tools
          command: sh -c 'kill -9 $$'
      - step:
          name: oom
          image: it-tools
          command: perl -e 'push @a, "x" x (1 << 24) while 1'
      - step:
          name: time-limit
          image: it-tools
          time-limit: 2
          command: perl late.pl
      - step:
          name: no-output
          image: it-tools
          no-output-timeout: 2
          command: echo once; sleep 600
      - step:
          name: input
          image: it-tools
          command: echo never
          inputs:
            - name: data
      - step:
          name: output
          image: it-tools
          command: echo x >"$VH_OUTPUTS_DIR/good"; echo x >"$VH_OUTPUTS_DIR/$(printf 'a\\001b')"
      - step:
          name: many-outputs
          image: it-tools
          command: for i in $(seq 25); do echo $i >"$VH_OUTPUTS_DIR/$i"; done
      - step:
          name: much-metadata
          image: it-tools
          command: 'for i in $(seq 80); do echo "{\\"i\\": $i}"; done'
      - step:
          name: much-log
          image: it-tools
          command: perl -e 'print "123456789\\n" x 20000'
      - step:
          name: mount
          image: it-tools
          command: cat /mnt/in/given; echo made >/mnt/out/made; echo no >/mnt/in/no || echo refused; echo x >"$VH_OUTPUTS_DIR/good"
          mounts:
            - {source: FOLDER/in, destination: /mnt/in, readonly: true}
            - FOLDER/out:/mnt/out
      - step:
          name: link
          image: it-tools
          command: cat /mnt/in/passwd
          mounts:
            - FOLDER/link:/mnt/in
      - step:
          name: elsewhere
          image: it-tools
          command: echo never
          mounts:
            - /srv/elsewhere:/mnt/in
      - step:
          name: sleep
          image: it-tools
          command: echo begun; exec sleep 600
      - step:
          name: restart
          image: it-tools
          autorestart: true
          command: sh restart.sh
      """;

  private static final String LATE =
      """
      $| = 1;
      $SIG{INT} = sub {
        open(my $out, '>', "$ENV{VH_OUTPUTS_DIR}/late.txt") or die;
        print $out "saved\\n";
        close $out;
        exit 0;
      };
      print "begun\\n";
      sleep 1 while 1;
      """;

  private static final String RESTART =
      """
      f="$VH_INPUTS_DIR/_restart/half.txt"
      if [ -e "$f" ]; then cat "$f"; exit 0; fi
      echo half >"$VH_OUTPUTS_DIR/half.txt"
      chmod 444 "$VH_OUTPUTS_DIR/half.txt"
      echo begun
      exec sleep 600
      """;

  Runs runs;
  Project project;
  private Path folder;
  private String commit;
  private final Map<String, String> executions = new HashMap<>();

  /** Where executions run. */
  Runs open() {
    return Runs.asProcesses(SETTINGS);
  }

  /** Reasons that only this way of running has. */
  List<String> more() {
    return List.of();
  }

  @BeforeAll
  void start() throws IOException {
    runs = open();
    project = runs.project("reasons");
    folder = Files.createDirectory(runs.millrace().folder().resolve("shared"));
    Files.writeString(Files.createDirectory(folder.resolve("in")).resolve("given"), "given\n");
    Files.setPosixFilePermissions(
        Files.createDirectory(folder.resolve("out")), PosixFilePermissions.fromString("rwxrwxrwx"));
    Files.createSymbolicLink(folder.resolve("link"), Path.of("/etc"));
    Code code =
        Code.of(
            Map.of(
                "valohai.yaml",
                YAML.replace("FOLDER", folder.toString()),
                "late.pl",
                LATE,
                "restart.sh",
                RESTART));
    commit = project.api().uploadCode(project.id(), code.archive());
    assertEquals(400, submit("mount", Map.of()).status(), "no mount is allowed yet");
    runs.millrace()
        .millrace("group", "update", "local", "--allowed-mounts", folder.toString())
        .expectSuccess();
    String nowhere = runs.millrace().address() + "/nothing/none.csv";
    run("input", Map.of("inputs", Map.of("data", List.of(nowhere))));
    for (String step :
        List.of(
            "exit-code",
            "killed",
            "time-limit",
            "no-output",
            "output",
            "many-outputs",
            "much-metadata",
            "much-log",
            "mount",
            "link")) {
      run(step, Map.of());
    }
    more().forEach(step -> run(step, Map.of()));
  }

  @AfterAll
  void stop() {
    if (runs != null) {
      runs.close();
    }
  }

  private Api.Answer submit(String step, Map<String, Object> more) {
    Map<String, Object> body =
        new HashMap<>(Map.of("project", project.id(), "commit", commit, "step", step));
    body.putAll(project.defaults());
    body.putAll(more);
    return project.api().post("/api/v0/executions/", body);
  }

  void run(String step, Map<String, Object> more) {
    executions.put(step, submit(step, more).expectSuccess().get("id").asText());
  }

  /** Waits for the end with that reason, and answers what is said of it. */
  String words(String step, String reason) {
    JsonNode detail = project.api().awaitEnd(executions.get(step), LIMIT);
    assertEquals("error", detail.get("status").asText(), detail.toPrettyString());
    assertEquals(reason, detail.get("reason").asText(), detail.toPrettyString());
    return detail.get("status_detail").asText();
  }

  private JsonNode complete(String step) {
    JsonNode detail = project.api().awaitEnd(executions.get(step), LIMIT);
    assertEquals("complete", detail.get("status").asText(), detail.toPrettyString());
    return detail;
  }

  private void expectStatus(String step, String text) {
    List<String> lines = project.log(executions.get(step), Optional.of("status"));
    assertTrue(lines.stream().anyMatch(l -> l.contains(text)), lines.toString());
  }

  @Test
  void exitCode() {
    assertTrue(words("exit-code", "exit-code").contains("exit code 7"));
  }

  @Test
  void killed() {
    String words = words("killed", "killed");
    assertTrue(words.contains("SIGKILL") && words.contains("did not send"), words);
  }

  @Test
  void timeLimitInterruptsAndKeepsOutputs() {
    String words = words("time-limit", "time-limit");
    assertTrue(words.contains("2 s") && words.contains("time_limit"), words);
    assertEquals("saved\n", project.output(executions.get("time-limit"), "late.txt"));
  }

  @Test
  void noOutput() {
    String words = words("no-output", "no-output");
    assertTrue(words.contains("2 s") && words.contains("no_output_timeout"), words);
  }

  @Test
  void input() {
    assertTrue(words("input", "input").contains("404"));
  }

  @Test
  void outputThatCannotBeKept() {
    String words = words("output", "output");
    assertTrue(words.contains("control characters") && words.contains("Rename"), words);
    assertEquals("x\n", project.output(executions.get("output"), "good"));
  }

  @Test
  void outputsBeyondTheirLimit() {
    String words = words("many-outputs", "output");
    assertTrue(words.contains("limit of 20 files"), words);
    String list = "/api/v0/data/?limit=100&output_execution=" + executions.get("many-outputs");
    assertEquals(20, project.api().get(list).expectSuccess().get("results").size());
  }

  @Test
  void metadataBeyondItsLimitIsMarked() {
    JsonNode detail = complete("much-metadata");
    assertTrue(detail.get("metadata_truncated").asBoolean(), detail.toPrettyString());
    assertEquals(50, detail.at("/cumulative_metadata/i").asInt());
    expectStatus("much-metadata", "metadata has reached its limit");
    expectStatus("much-metadata", "lines were dropped");
    assertEquals(80, project.log(executions.get("much-metadata"), Optional.of("stdout")).size());
    assertFalse(complete("mount").get("metadata_truncated").asBoolean());
  }

  @Test
  void logBeyondItsLimitIsMarkedWithTheBytes() {
    complete("much-log");
    List<String> lines = project.log(executions.get("much-log"), Optional.of("stdout"));
    assertEquals(10_000, lines.size());
    expectStatus("much-log", "cut at its limit of 100000 bytes; 100000 bytes dropped");
  }

  @Test
  void mountsShowWhatTheGroupAllows() throws IOException {
    complete("mount");
    assertEquals(
        List.of("given", "refused"), project.log(executions.get("mount"), Optional.of("stdout")));
    assertEquals("made\n", Files.readString(folder.resolve("out/made")));
    assertFalse(Files.exists(folder.resolve("in/no")));
    String words = words("link", "input");
    assertTrue(words.contains("leads to /etc"), words);
    Api.Answer elsewhere = submit("elsewhere", Map.of());
    assertEquals(400, elsewhere.status(), elsewhere.text());
    assertTrue(elsewhere.json().get("mounts").has("0.source"), elsewhere.text());
    Api.Answer member =
        project
            .api()
            .method("PATCH", "/api/v0/environments/local/", Map.of("allowed_mounts", List.of()));
    assertEquals(403, member.status(), member.text());
    Api.Answer system =
        runs.millrace()
            .admin()
            .method(
                "PATCH", "/api/v0/environments/local/", Map.of("allowed_mounts", List.of("/etc")));
    assertEquals(400, system.status(), system.text());
    assertTrue(system.json().has("allowed_mounts"), system.text());
  }

  @Test
  void bytesThatDifferFromTheRecordedHash() throws IOException {
    String good = executions.get("mount");
    complete("mount");
    damage(path -> path.contains(good) && path.endsWith("/good"));
    String list = "/api/v0/data/?limit=10&output_execution=" + good;
    String datum = project.api().get(list).expectSuccess().get("results").get(0).get("id").asText();
    run("datum", Map.of("step", "input", "inputs", Map.of("data", List.of("datum://" + datum))));
    String words = words("datum", "checksum");
    assertTrue(words.contains("data") && words.contains("good"), words);
    List<Path> before = stored(path -> path.contains("/code/"));
    Code code = Code.script("echo once");
    Map<String, Object> of =
        Map.of("step", "run", "commit", project.api().uploadCode(project.id(), code.archive()));
    run("run", of);
    complete("run");
    damage(path -> path.contains("/code/") && !before.contains(Path.of(path)));
    run("run", of);
    assertTrue(words("run", "checksum").contains("code archive"));
  }

  private List<Path> stored(Predicate<String> meant) throws IOException {
    String store = runs.millrace().data().resolve("store").toString();
    try (Stream<Path> all = Files.walk(Path.of(store))) {
      return all.filter(Files::isRegularFile).filter(p -> meant.test(p.toString())).toList();
    }
  }

  /** Changes the last byte of the stored file that is meant. */
  private void damage(Predicate<String> meant) throws IOException {
    List<Path> found = stored(meant);
    assertEquals(1, found.size(), found.toString());
    byte[] bytes = Files.readAllBytes(found.get(0));
    bytes[bytes.length - 1] ^= 1;
    Files.write(found.get(0), bytes, StandardOpenOption.TRUNCATE_EXISTING);
  }

  @Test
  @Order(Integer.MAX_VALUE - 1)
  void manyStopsAtOnceAreHeardInSeconds() throws Exception {
    int many = Machine.full() ? 400 : 100;
    List<String> all = new ArrayList<>();
    for (int i = 0; i < many; i++) {
      all.add(submit("sleep", Map.of()).expectSuccess().get("id").asText());
    }
    int running = SLOTS / 2;
    for (String execution : all.subList(0, running)) {
      project.awaitLine(execution, "begun");
    }
    long from = System.nanoTime();
    ExecutorService callers = Executors.newFixedThreadPool(8);
    try {
      List<Future<?>> calls = new ArrayList<>();
      all.forEach(e -> calls.add(callers.submit(() -> project.stop(e))));
      for (Future<?> call : calls) {
        call.get();
      }
    } finally {
      callers.shutdownNow();
    }
    Duration asked = Duration.ofNanos(System.nanoTime() - from);
    for (String execution : all) {
      JsonNode detail = project.api().awaitEnd(execution, LIMIT);
      assertEquals("stopped", detail.get("status").asText(), detail.toPrettyString());
    }
    Duration took = Duration.ofNanos(System.nanoTime() - from);
    System.out.println(many + " stops: all asked after " + asked + ", all ended after " + took);
    assertTrue(took.compareTo(Duration.ofSeconds(60)) < 0, "it took " + took);
  }

  @Test
  @Order(Integer.MAX_VALUE)
  void aWorkerLostForGoodEndsItsRunsAndThoseWithAutorestartAreRunAgainOnce() {
    for (String execution : executions.values()) {
      project.api().awaitEnd(execution, LIMIT);
    }
    run("sleep", Map.of());
    run("restart", Map.of());
    project.awaitLine(executions.get("sleep"), "begun");
    project.awaitLine(executions.get("restart"), "begun");
    String list = "/api/v0/data/?limit=10&output_execution=" + executions.get("restart");
    Machine.await(
        "the live output",
        LIMIT,
        () ->
            project.api().get(list).expectSuccess().get("results").size() == 1
                ? Optional.of(true)
                : Optional.empty());
    signal("STOP");
    String again;
    try {
      assertTrue(words("sleep", "worker-lost").contains("10 s"));
      JsonNode lost = project.api().awaitEnd(executions.get("restart"), LIMIT);
      assertEquals("worker-lost", lost.get("reason").asText(), lost.toPrettyString());
      again = lost.get("restarted_as").asText();
      assertEquals(executions.get("restart"), project.detail(again).get("restart_of").asText());
      assertTrue(project.detail(executions.get("sleep")).get("restarted_as").isNull());
    } finally {
      signal("CONT");
    }
    JsonNode second = project.api().awaitEnd(again, LIMIT);
    assertEquals("complete", second.get("status").asText(), second.toPrettyString());
    assertEquals(List.of("half"), project.log(again, Optional.of("stdout")));
    assertTrue(second.get("restarted_as").isNull());
    for (String gone : List.of("sleep", "restart")) {
      Machine.await(
          "the end of what the lost run had started",
          LIMIT,
          () ->
              Machine.processesNaming("exec-" + executions.get(gone)).isEmpty()
                  ? Optional.of(true)
                  : Optional.empty());
    }
  }

  private void signal(String name) {
    List<Long> workers =
        Machine.processesNaming(runs.millrace().data() + "/onprem/nodes/").stream()
            .filter(pid -> Machine.file(pid, "cmdline").contains("WorkerMain"))
            .toList();
    assertEquals(1, workers.size(), workers.toString());
    Machine.run(Path.of("/"), List.of("sh", "-c", "kill -s " + name + " " + workers.get(0)))
        .expectSuccess();
  }
}
