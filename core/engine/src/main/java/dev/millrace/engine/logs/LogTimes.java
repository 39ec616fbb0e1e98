package dev.millrace.engine.logs;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * When the bytes of a chunk were first read by the worker: its first ones, and those from further
 * places on, in order.
 */
public record LogTimes(long micros, List<Mark> marks) {
  /** The most marks of one chunk. */
  static final int MOST = 1_000;

  private static final Pattern TEXT = Pattern.compile("\\d{1,7}:\\d{1,15}");

  /** From that place in the chunk on. */
  public record Mark(int at, long micros) {}

  /** All of a chunk at once. */
  public static LogTimes at(Instant time) {
    return new LogTimes(Micros.of(time), List.of());
  }

  /**
   * Reads the wire's form: {@code place:microseconds after the first}, parted by commas.
   *
   * @throws IllegalArgumentException if it is none, or does not fit a chunk of that length
   */
  public static LogTimes of(long micros, @Nullable String text, int length) {
    if (text == null || text.isBlank()) {
      return new LogTimes(micros, List.of());
    }
    List<Mark> marks = new ArrayList<>();
    int from = 0;
    for (String part : text.split(",", MOST + 1)) {
      if (!TEXT.matcher(part).matches()) {
        throw new IllegalArgumentException("not place:microseconds");
      }
      int colon = part.indexOf(':');
      int at = Integer.parseInt(part.substring(0, colon));
      if (at <= from || at >= length) {
        throw new IllegalArgumentException("the places do not rise within the chunk");
      }
      marks.add(new Mark(at, micros + Long.parseLong(part.substring(colon + 1))));
      from = at;
    }
    return new LogTimes(micros, marks);
  }
}
