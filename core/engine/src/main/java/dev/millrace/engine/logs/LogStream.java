package dev.millrace.engine.logs;

import java.util.Locale;
import java.util.Optional;

/** Where a line came from: the run's two streams, or what worker and master say of the run. */
public enum LogStream {
  STDOUT,
  STDERR,
  STATUS;

  /** The word of the wire and the API, for example {@code stdout}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Reads {@link #word()}; empty for an unknown word. */
  public static Optional<LogStream> ofWord(String word) {
    for (LogStream stream : values()) {
      if (stream.word().equals(word)) {
        return Optional.of(stream);
      }
    }
    return Optional.empty();
  }
}
