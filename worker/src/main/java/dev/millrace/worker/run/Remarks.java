package dev.millrace.worker.run;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What is said to the user about many like things: the first few of each kind, then how many more.
 */
final class Remarks {
  private static final int SHOWN = 20;
  private static final int LONGEST = 1_000;

  private final Consumer<String> status;
  private final Map<String, Long> counts = new LinkedHashMap<>();
  private @Nullable String firstProblem;
  private long problems;

  Remarks(Consumer<String> status) {
    this.status = status;
  }

  /** Says a line, unless many of its kind were said; {@code kind} follows a number. */
  synchronized void add(String kind, String line) {
    if (counts.merge(kind, 1L, Long::sum) <= SHOWN) {
      status.accept(cut(line));
    }
  }

  /** Says a line of what keeps the run from being whole. */
  synchronized void problem(String kind, String line) {
    if (firstProblem == null) {
      firstProblem = cut(line);
    }
    problems++;
    add(kind, line);
  }

  /** Says how many there were that were not said, and begins anew. */
  synchronized void end() {
    counts.forEach(
        (kind, count) -> {
          if (count > SHOWN) {
            status.accept("And %,d more %s.".formatted(count - SHOWN, kind));
          }
        });
    counts.clear();
  }

  /** The first problem and how many more there are, or null. */
  synchronized @Nullable String problems() {
    return problems > 1
        ? firstProblem + " And " + (problems - 1) + " more; see the log."
        : firstProblem;
  }

  private static String cut(String line) {
    return line.length() > LONGEST ? line.substring(0, LONGEST) + "…" : line;
  }
}
