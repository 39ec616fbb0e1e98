package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
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
 * The first command that a newcomer types, as an unprivileged user without Docker, from an empty
 * Maven cache.
 */
@Tag("quickstart")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class QuickstartIT {
  private static final String USER = "millrace-newcomer";

  private Path folder;
  private Path clone;
  private List<Line> first = List.of();

  /** A line and when it arrived, in milliseconds from the start. */
  private record Line(long at, String text) {}

  @BeforeAll
  void cloneAsANewcomer() throws IOException {
    Machine.require(Machine.isRoot(), "root, to act as an unprivileged user");
    folder = Files.createTempDirectory("it-newcomer");
    if (Machine.run(folder, List.of("id", USER)).code() != 0) {
      Machine.run(folder, List.of("useradd", "--system", "--shell", "/bin/sh", USER))
          .expectSuccess();
    }
    clone = folder.resolve("millrace");
    Machine.run(
            folder,
            List.of(
                "git",
                "clone",
                "-q",
                "--no-hardlinks",
                Machine.repository().toString(),
                clone.toString()))
        .expectSuccess();
    Machine.run(folder, List.of("chmod", "711", folder.toString())).expectSuccess();
    Machine.run(folder, List.of("chown", "-R", USER, folder.toString())).expectSuccess();
  }

  @AfterAll
  void leaveNothing() {
    if (clone != null) {
      quickstart("--stop");
    }
  }

  @Test
  @Order(1)
  void runsTheExampleAndShowsItsLogWhileItRuns() {
    first = follow(Duration.ofMinutes(20));
    first.forEach(line -> System.out.printf("%8d ms  %s%n", line.at, line.text));
    List<Line> epochs = first.stream().filter(l -> l.text.contains("\"epoch\"")).toList();
    assertTrue(epochs.size() >= 5, "metrics lines: " + epochs);
    Line ended =
        first.stream().filter(l -> l.text.contains("train: complete")).findFirst().orElseThrow();
    long early = epochs.stream().filter(l -> l.at < ended.at - 500).count();
    assertTrue(early >= 5, "lines that arrived while the step ran: " + early);
    long spread = epochs.get(epochs.size() - 1).at - epochs.get(0).at;
    assertTrue(spread > 1000, "the lines came in one burst of " + spread + " ms");
  }

  @Test
  @Order(2)
  void itsModelBeatsTheCommonestClassByFar() throws IOException {
    double accuracy =
        Digits.accuracy(output("model.csv"), clone.resolve("examples/digits/data/heldout.csv"));
    double commonest = Digits.commonest(clone.resolve("examples/digits/data/heldout.csv"));
    System.out.printf("accuracy %.4f, commonest class %.4f%n", accuracy, commonest);
    assertTrue(
        accuracy >= commonest + 0.10, "accuracy " + accuracy + ", commonest class " + commonest);
  }

  @Test
  @Order(3)
  void learningFromShuffledLabelsDoesNot() throws IOException {
    Path model = folder.resolve("shuffled.csv");
    Path example = clone.resolve("examples/digits");
    Machine.run(
            example,
            List.of(
                "awk",
                "-v",
                "epochs=12",
                "-v",
                "rate=0.05",
                "-v",
                "seed=1",
                "-v",
                "shuffle=1",
                "-v",
                "model=" + model,
                "-f",
                "train.awk",
                "data/train.csv",
                "data/heldout.csv"))
        .expectSuccess();
    double commonest = Digits.commonest(example.resolve("data/heldout.csv"));
    double accuracy = Digits.accuracy(model, example.resolve("data/heldout.csv"));
    assertTrue(accuracy < commonest + 0.10, "accuracy with shuffled labels " + accuracy);
  }

  @Test
  @Order(4)
  void theRepositoryShipsNoModel() throws IOException {
    try (Stream<Path> files = Files.walk(clone.resolve("examples"))) {
      assertTrue(files.noneMatch(f -> f.getFileName().toString().startsWith("model")));
    }
  }

  @Test
  @Order(5)
  void printsOutputsWithTheirHashes() throws IOException {
    String sha256 =
        Machine.run(folder, List.of("sha256sum", output("model.csv").toString()))
            .expectSuccess()
            .substring(0, 64);
    assertTrue(
        first.stream().anyMatch(l -> l.text.contains("model.csv") && l.text.contains(sha256)));
  }

  @Test
  @Order(6)
  void leavesNoProcess() {
    assertEquals(List.of(), ofTheNewcomer());
  }

  @Test
  @Order(7)
  void aSecondRunReusesTheBuildAndStaysWhenAsked() {
    long began = System.nanoTime();
    Machine.Result result = quickstart("--stay");
    assertEquals(0, result.code(), result.output());
    assertTrue(result.output().contains("using the build"), result.output());
    java.util.regex.Matcher ready =
        Pattern.compile("\\[ *(\\d+)s\\] ready").matcher(result.output());
    assertTrue(ready.find(), result.output());
    assertTrue(Integer.parseInt(ready.group(1)) < 30, "ready after " + ready.group(1) + " s");
    assertTrue(result.output().contains("vh login --host"), result.output());
    assertFalse(ofTheNewcomer().isEmpty(), "nothing runs after --stay");
    assertTrue(System.nanoTime() > began);
    Machine.Result stopped = quickstart("--stop");
    assertEquals(0, stopped.code(), stopped.output());
    assertEquals(List.of(), ofTheNewcomer());
  }

  @Test
  @Order(8)
  void anInterruptInAnyPhaseLeavesNoProcess() throws Exception {
    for (String phase : List.of("starting", "ready", "\"epoch\"")) {
      interrupt(phase, "INT");
      Machine.await(
          "the end of every process after an interrupt in phase " + phase,
          Duration.ofSeconds(30),
          () -> ofTheNewcomer().isEmpty() ? Optional.of(true) : Optional.empty());
    }
  }

  @Test
  @Order(9)
  void theNextRunSucceedsAfterKillInAnyPhase() throws Exception {
    for (String phase : List.of("starting", "ready", "\"epoch\"")) {
      interrupt(phase, "KILL");
      Machine.Result next = quickstart();
      assertEquals(0, next.code(), "after kill -9 in phase " + phase + ": " + next.output());
      assertEquals(List.of(), ofTheNewcomer());
    }
  }

  @Test
  @Order(10)
  void runsInContainersWhereDockerAnswers() {
    Machine.require(Machine.dockerAnswers(), "a Docker engine (apt-get install docker.io)");
    String socket = System.getenv().getOrDefault("DOCKER_HOST", "unix:///var/run/docker.sock");
    String group =
        Machine.run(folder, List.of("stat", "-c", "%g", socket.replace("unix://", "")))
            .expectSuccess()
            .trim();
    List<String> command =
        List.of(
            "setpriv",
            "--reuid",
            USER,
            "--regid",
            USER,
            "--groups",
            group,
            "env",
            "HOME=" + folder,
            "DOCKER_HOST=" + socket,
            "./quickstart");
    Machine.Result result = Machine.run(clone, Map.of(), Duration.ofMinutes(10), command);
    System.out.println(result.output());
    assertEquals(0, result.code(), result.output());
    assertTrue(result.output().contains("Docker answers"), result.output());
    assertTrue(result.output().contains("evaluate: complete"), result.output());
    assertEquals(
        "", Machine.run(folder, List.of("docker", "images", "-q", "millrace-quickstart")).output());
    assertEquals("", Machine.run(folder, List.of("docker", "ps", "-aq")).output());
    assertEquals(List.of(), ofTheNewcomer());
  }

  private Path output(String name) throws IOException {
    try (Stream<Path> files = Files.walk(clone.resolve(".quickstart/outputs"))) {
      return files.filter(f -> f.getFileName().toString().equals(name)).findFirst().orElseThrow();
    }
  }

  private List<Long> ofTheNewcomer() {
    String listed = Machine.run(folder, List.of("ps", "-o", "pid=", "-u", USER)).output();
    return listed.lines().map(String::trim).filter(l -> !l.isEmpty()).map(Long::parseLong).toList();
  }

  private List<String> command(String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "setpriv",
                "--reuid",
                USER,
                "--regid",
                USER,
                "--clear-groups",
                "env",
                "HOME=" + folder,
                "DOCKER_HOST=unix:///nonexistent",
                "./quickstart"));
    command.addAll(List.of(arguments));
    return command;
  }

  private Machine.Result quickstart(String... arguments) {
    return Machine.run(clone, Map.of(), Duration.ofMinutes(20), command(arguments));
  }

  private Process launch() throws IOException {
    return new ProcessBuilder(command())
        .directory(clone.toFile())
        .redirectErrorStream(true)
        .redirectInput(Path.of("/dev/null").toFile())
        .start();
  }

  private List<Line> follow(Duration limit) {
    long began = System.nanoTime();
    List<Line> lines = new ArrayList<>();
    try {
      Process process = launch();
      try (BufferedReader reader = reader(process)) {
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
          lines.add(new Line((System.nanoTime() - began) / 1_000_000, line));
        }
      }
      assertTrue(process.waitFor(limit.toSeconds(), TimeUnit.SECONDS));
      assertEquals(0, process.exitValue(), lines.toString());
      return lines;
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(lines.toString(), e);
    }
  }

  private void interrupt(String phase, String signal) throws Exception {
    Process process = launch();
    StringBuilder seen = new StringBuilder();
    try (BufferedReader reader = reader(process)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        seen.append(line).append('\n');
        if (line.contains(phase)) {
          Machine.run(folder, List.of("kill", "-" + signal, Long.toString(process.pid())))
              .expectSuccess();
          break;
        }
      }
      assertTrue(seen.toString().contains(phase), seen.toString());
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), "quickstart did not end after " + signal);
    }
  }

  private static BufferedReader reader(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }
}
