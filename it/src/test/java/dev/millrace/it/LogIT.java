package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * A run that writes much to both streams while its worker, its master and whoever holds its pipes
 * are killed: each line is there once and in its place. And how fast a run can write.
 */
@Tag("log")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LogIT {
  private static final Duration LIMIT = Duration.ofMinutes(Machine.full() ? 30 : 5);
  private static final int LINES = Machine.full() ? 1_000_000 : 200_000;
  private static final int ROUNDS = Machine.full() ? 10 : 2;
  private static final int FAST = Machine.full() ? 3_000_000 : 400_000;

  /** What a release must reach, and below which a loaded machine is no excuse. */
  private static final int WANTED = 300_000;

  private static final int LEAST = WANTED / 3;

  /** How far lines of the two streams may be apart: what their pipes hold, twice. */
  private static final int APART = 20_000;

  /** Writes pairs of lines, pauses between thousands so that there is time to be killed in. */
  private static final String WRITE =
      """
      my ($lines, $pause) = @ARGV;
      $| = 1;
      select(STDERR); $| = 1; select(STDOUT);
      for my $i (1 .. $lines / 2) {
        print "out $i\\n";
        print STDERR "err $i\\n";
        select(undef, undef, undef, $pause) if $i % 1000 == 0;
      }
      """;

  private static final String FLOOD =
      """
      use Time::HiRes 'time';
      my $from = time;
      print "line $_ of many\\n" for 1 .. $ARGV[0];
      close STDOUT;
      open(my $out, '>', "$ENV{VH_OUTPUTS_DIR}/rate") or die $!;
      printf $out "%d\\n", $ARGV[0] / (time - $from);
      """;

  private static final String YAML =
      """
      - step:
          name: write
          image: it-tools
          command: perl write.pl {parameter-value:lines} 0.1
          parameters: &parameters
            - {name: lines, type: integer}
      - step:
          name: flood
          image: it-tools
          command: perl flood.pl {parameter-value:lines}
          parameters: *parameters
      """;

  private final long seed = Long.getLong("it.seed", System.nanoTime() % 1_000_000);
  private final Random random = new Random(seed);
  private Runs runs;
  private Project project;
  private String commit;

  @BeforeAll
  void start() {
    System.out.println("seed of the kills: " + seed + " (again with -Dit.seed=" + seed + ")");
    runs = Runs.asProcesses();
    project = runs.project("log");
    Code code = Code.of(Map.of("valohai.yaml", YAML, "write.pl", WRITE, "flood.pl", FLOOD));
    commit = project.api().uploadCode(project.id(), code.archive());
  }

  @AfterAll
  void stop() {
    if (runs != null) {
      runs.close();
    }
  }

  private String submit(String step, int lines) {
    Map<String, Object> body = new HashMap<>(project.defaults());
    body.putAll(Map.of("project", project.id(), "commit", commit, "step", step));
    body.put("parameters", Map.of("lines", lines));
    return project.api().post("/api/v0/executions/", body).expectSuccess().get("id").asText();
  }

  private void complete(String execution) {
    JsonNode detail = project.api().awaitEnd(execution, LIMIT);
    assertEquals("complete", detail.get("status").asText(), detail.toPrettyString());
  }

  @Test
  void killsOfWorkerMasterAndHolderLoseAndDoubleNothing() {
    String execution = submit("write", LINES);
    project.awaitLine(execution, "out 1");
    for (int round = 0; round < ROUNDS; round++) {
      pause(random.nextInt(1_000));
      killHolder(execution);
      pause(random.nextInt(1_000));
      killWorker();
      pause(random.nextInt(500));
      // Both at once: the run itself still has its pipes.
      killHolder(execution);
      killWorker();
      if (round % 2 == 0) {
        runs.millrace().killMaster();
        runs.millrace().boot();
      }
    }
    complete(execution);
    MessageDigest out = sha256();
    MessageDigest err = sha256();
    int[] last = {0, 0};
    int[] apart = {0};
    Events.follow(
        project.api(),
        "/api/v0/executions/" + execution + "/events/",
        event -> {
          if (event.name().equals("log")) {
            JsonNode line = json(event.data());
            String text = line.get("message").asText();
            String stream = line.get("stream").asText();
            if (!stream.equals("status")) {
              (stream.equals("stdout") ? out : err)
                  .update((text + "\n").getBytes(StandardCharsets.UTF_8));
              last[stream.equals("stdout") ? 0 : 1] = Integer.parseInt(text.substring(4));
              apart[0] = Math.max(apart[0], Math.abs(last[0] - last[1]));
            }
          }
        });
    assertEquals(sum("out"), hex(out), "stdout, seed " + seed);
    assertEquals(sum("err"), hex(err), "stderr, seed " + seed);
    System.out.println("lines of the two streams apart at most: " + apart[0]);
    assertTrue(apart[0] < APART, "apart: " + apart[0] + ", seed " + seed);
  }

  @Test
  void aRunWritesFast() {
    int best = 0;
    for (int i = 0; i < 3 && best < WANTED; i++) {
      String execution = submit("flood", FAST);
      complete(execution);
      best = Math.max(best, Integer.parseInt(project.output(execution, "rate").strip()));
    }
    System.out.println("lines a second into one run: " + best + " (wanted: " + WANTED + ")");
    assertTrue(best >= LEAST, "lines a second: " + best);
  }

  private static String sum(String name) {
    MessageDigest digest = sha256();
    for (int i = 1; i <= LINES / 2; i++) {
      digest.update((name + " " + i + "\n").getBytes(StandardCharsets.UTF_8));
    }
    return hex(digest);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }

  private static JsonNode json(String text) {
    try {
      return Api.JSON.readTree(text);
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void killHolder(String execution) {
    for (long pid : Machine.processesNaming(execution + "/log")) {
      if (Machine.file(pid, "cmdline").contains("millrace-pipes")) {
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
      }
    }
  }

  /** Kills the worker, whichever process it is by now, and waits for the next one. */
  private void killWorker() {
    long killed = worker(0);
    ProcessHandle.of(killed).ifPresent(ProcessHandle::destroyForcibly);
    worker(killed);
  }

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

  private static void pause(int millis) {
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
