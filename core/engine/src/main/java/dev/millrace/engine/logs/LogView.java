package dev.millrace.engine.logs;

import java.util.List;
import java.util.function.Consumer;

/** The lines of one log, or its last ones, as they were when the view was opened. */
public interface LogView extends AutoCloseable {
  /** How many lines the log has in the wanted streams. */
  long total();

  /** Whether the limit left earlier lines out. */
  boolean truncated();

  /** Hands over the lines in the order of their times; call it once. Memory use is constant. */
  void forEach(Consumer<LogLine> consumer);

  /**
   * Lines that have no end yet, as they stand, at most one of a stream: they follow the others and
   * count in the total. When one ends it is a line of the same time.
   */
  default List<LogLine> open() {
    return List.of();
  }

  @Override
  void close();
}
