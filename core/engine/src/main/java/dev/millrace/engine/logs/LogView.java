package dev.millrace.engine.logs;

import java.util.function.Consumer;

/** The lines of one log, or its last ones, as they were when the view was opened. */
public interface LogView extends AutoCloseable {
  /** How many lines the log has in the wanted streams. */
  long total();

  /** Whether the limit left earlier lines out. */
  boolean truncated();

  /** Hands over the lines in the order of their times; call it once. Memory use is constant. */
  void forEach(Consumer<LogLine> consumer);

  @Override
  void close();
}
