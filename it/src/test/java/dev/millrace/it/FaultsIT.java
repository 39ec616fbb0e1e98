package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Ten runs go on while master and worker are killed at seeded moments, and while there is no
 * master: each ran once, and each of its lines is there once.
 */
@Tag("faults")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FaultsIT {
  private static final Duration LIMIT = Duration.ofSeconds(180);
  private static final int RUNS = 10;
  private static final int KILLS = Machine.full() ? 20 : 3;
  private static final Duration AWAY = Duration.ofSeconds(Machine.full() ? 600 : 60);

  /** The longest time before a kill. */
  private static final int PAUSE_MILLIS = 1_500;

  /** Counts until a file says that it is enough, and leaves the last number as its output. */
  private static final String COUNT =
      """
      $| = 1;
      open(my $ran, '>>', '/mnt/ran/ran') or die $!;
      syswrite($ran, "$ENV{VH_EXECUTION_ID}\\n");
      close $ran;
      my $i = 0;
      until (-e "/mnt/ran/$ARGV[0]") { print "line ", ++$i, "\\n"; select(undef, undef, undef, 0.05); }
      open(my $out, '>', "$ENV{VH_OUTPUTS_DIR}/end.txt") or die $!;
      print $out "$i\\n";
      close $out;
      """;

  private Runs runs;
  private Project project;
  private Path folder;
  private String commit;
  private final long seed = Long.getLong("it.seed", System.nanoTime() % 1_000_000);
  private final Random random = new Random(seed);

  /** Where executions run. */
  Runs open() {
    return Runs.asProcesses(Map.of("MILLRACE_LOCAL_SLOTS", Integer.toString(RUNS)));
  }

  @BeforeAll
  void start() throws IOException {
    System.out.println("seed of the kills: " + seed + " (again with -Dit.seed=" + seed + ")");
    runs = open();
    project = runs.project("faults");
    folder = Files.createDirectory(runs.millrace().folder().resolve("shared"));
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    Files.setPosixFilePermissions(
        Files.createFile(folder.resolve("ran")), PosixFilePermissions.fromString("rw-rw-rw-"));
    runs.millrace()
        .millrace("group", "update", "local", "--allowed-mounts", folder.toString())
        .expectSuccess();
    Code code =
        Code.of(
            Map.of(
                "valohai.yaml",
                """
                - step:
                    name: run
                    image: it-tools
                    command: perl count.pl {parameter-value:until}
                    parameters:
                      - {name: until, type: string}
                    mounts:
                      - FOLDER:/mnt/ran
                """
                    .replace("FOLDER", folder.toString()),
                "count.pl",
                COUNT));
    commit = project.api().uploadCode(project.id(), code.archive());
  }

  @AfterAll
  void stop() {
    if (runs != null) {
      runs.close();
    }
  }

  /** Whether the master is killed as well; it does not know in which way executions run. */
  boolean masterToo() {
    return true;
  }

  @Test
  void killsLoseAndDoubleNothing() {
    List<String> all = begun("kills");
    for (int kill = 0; kill < KILLS; kill++) {
      if (masterToo()) {
        pause(random.nextInt(PAUSE_MILLIS));
        runs.millrace().killMaster();
        runs.millrace().boot();
      }
      pause(random.nextInt(PAUSE_MILLIS));
      killWorker();
    }
    enough("kills");
    expectWhole(all);
  }

  @Test
  void whileThereIsNoMasterRunsGoOnAndEndAndNothingIsKilled() {
    List<String> all = begun("away");
    runs.millrace().killMaster();
    Duration half = AWAY.dividedBy(2);
    pause((int) half.toMillis());
    all.forEach(e -> assertTrue(!Machine.processesNaming("exec-" + e).isEmpty(), "it was killed"));
    enough("away");
    pause((int) half.toMillis());
    runs.millrace().boot();
    expectWhole(all);
  }

  /** Kills the worker, whichever process it is by now, and waits for the next one. */
  private void killWorker() {
    long killed = worker(0);
    ProcessHandle.of(killed).ifPresent(ProcessHandle::destroyForcibly);
    worker(killed);
  }

  /** The one process of this installation's worker, once it is another than that. */
  private long worker(long other) {
    return Machine.await(
        "the worker",
        LIMIT,
        () -> {
          List<Long> now =
              Machine.processesNaming(runs.millrace().data() + "/onprem/nodes/").stream()
                  .filter(pid -> Machine.file(pid, "cmdline").contains("WorkerMain"))
                  .toList();
          return now.size() == 1 && now.get(0) != other
              ? Optional.of(now.get(0))
              : Optional.empty();
        });
  }

  private void enough(String name) {
    try {
      Files.createFile(folder.resolve(name));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Ten runs that have all begun, and last until a file of that name is there. */
  private List<String> begun(String until) {
    List<String> all = new ArrayList<>();
    for (int i = 0; i < RUNS; i++) {
      Map<String, Object> body =
          new HashMap<>(Map.of("project", project.id(), "commit", commit, "step", "run"));
      body.put("parameters", Map.of("until", until));
      body.putAll(project.defaults());
      all.add(project.api().post("/api/v0/executions/", body).expectSuccess().get("id").asText());
    }
    all.forEach(execution -> project.awaitLine(execution, "line 1"));
    return all;
  }

  private void expectWhole(List<String> all) {
    for (String execution : all) {
      JsonNode detail = project.api().awaitEnd(execution, LIMIT);
      assertEquals("complete", detail.get("status").asText(), detail.toPrettyString());
      int lines = Integer.parseInt(project.output(execution, "end.txt").strip());
      assertEquals(
          IntStream.rangeClosed(1, lines).mapToObj(i -> "line " + i).toList(),
          project.log(execution, Optional.of("stdout")),
          "seed " + seed);
      assertEquals(List.of(), Machine.processesNaming("exec-" + execution));
    }
    try {
      List<String> started = Files.readAllLines(folder.resolve("ran"));
      for (String execution : all) {
        assertEquals(1, started.stream().filter(execution::equals).count(), "seed " + seed);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void pause(int millis) {
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
