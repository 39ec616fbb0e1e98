package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What a run of ./quickstart printed, each line with the time of its arrival, and how it ended. */
record Transcript(int code, List<Line> lines) {
  /** A line and when it arrived, in milliseconds from the start. */
  record Line(long at, String text) {}

  String text() {
    return lines.stream().map(Line::text).collect(Collectors.joining("\n"));
  }

  boolean says(String text) {
    return lines.stream().anyMatch(l -> l.text.contains(text));
  }

  /** For the report: when each line arrived. */
  Transcript print() {
    lines.forEach(l -> System.out.printf("%8d ms  %s%n", l.at, l.text));
    return this;
  }

  /** The first group of the first line that {@code pattern} matches. */
  String find(String pattern) {
    Matcher matcher = Pattern.compile(pattern, Pattern.MULTILINE).matcher(text());
    assertTrue(matcher.find(), () -> "no " + pattern + " in:\n" + text());
    return matcher.group(1);
  }

  /** Seconds that had passed, by the command's own clock, when it told of {@code phase}. */
  int seconds(String phase) {
    return Integer.parseInt(find("^\\[ *(\\d+)s\\] " + phase));
  }

  /** That both steps ran to their end and that the first one's log came while it ran. */
  Transcript expectSuccess() {
    assertEquals(0, code, text());
    for (String phase :
        List.of("starting", "ready", "user quickstart", "execution #1", "evaluate: complete")) {
      seconds(phase);
    }
    List<Line> epochs = lines.stream().filter(l -> l.text.contains("\"epoch\"")).toList();
    Line ended =
        lines.stream().filter(l -> l.text.contains("train: complete")).findFirst().orElseThrow();
    long early = epochs.stream().filter(l -> l.at < ended.at - 500).count();
    assertTrue(early >= 5, () -> "too few lines came while the step ran:\n" + text());
    long spread = epochs.get(epochs.size() - 1).at - epochs.get(0).at;
    assertTrue(spread > 1000, () -> "the lines came in one burst of " + spread + " ms");
    return this;
  }

  /**
   * Runs a program to its end with standard input closed, kills it and fails after {@code limit}.
   */
  static Transcript of(
      Path folder, Map<String, String> environment, Duration limit, List<String> command) {
    return of(folder, environment, limit, command, (line, process) -> true);
  }

  /**
   * The same; {@code watcher} is told of each line at once, and ends the reading by answering
   * false: what the program started may hold its output open for ever.
   */
  static Transcript of(
      Path folder,
      Map<String, String> environment,
      Duration limit,
      List<String> command,
      BiPredicate<String, Process> watcher) {
    long began = System.nanoTime();
    List<Line> lines = new ArrayList<>();
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.redirectErrorStream(true).redirectInput(Path.of("/dev/null").toFile());
    builder.environment().putAll(environment);
    try {
      Process process = builder.start();
      CompletableFuture<?> alarm =
          process
              .onExit()
              .orTimeout(limit.toSeconds(), TimeUnit.SECONDS)
              .whenComplete(
                  (p, late) -> {
                    if (late != null) {
                      process.descendants().forEach(ProcessHandle::destroyForcibly);
                      process.destroyForcibly();
                    }
                  });
      try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
          lines.add(new Line((System.nanoTime() - began) / 1_000_000, line));
          if (!watcher.test(line, process)) {
            break;
          }
        }
      }
      alarm.join();
      return new Transcript(process.exitValue(), lines);
    } catch (IOException | CompletionException e) {
      String seen = new Transcript(-1, lines).text();
      throw new AssertionError(command + " did not end within " + limit + ":\n" + seen, e);
    }
  }
}
