package dev.millrace.engine.logs;

import dev.millrace.engine.domain.Execution;
import java.util.List;
import java.util.function.BiConsumer;

/** Follows one log from a position on. It holds nothing open between two reads. */
public interface LogTail {
  /**
   * What a read found.
   *
   * @param more whether there is more to be read at once
   * @param here whether this master can read the log: false where another one still has it
   */
  record Found(boolean more, boolean here) {}

  /**
   * Hands over at most {@code lines} further lines, each with the position after it, in the order
   * of their times among those that are there by now.
   *
   * @param execution as it is now
   * @throws dev.millrace.engine.artifacts.StoreUnavailable if the log is sealed in a store that is
   *     not there at the moment
   */
  Found read(Execution execution, int lines, BiConsumer<LogLine, LogPosition> taker);

  /** Lines that have no end yet, as {@link LogView#open} has them. */
  default List<LogLine> open(Execution execution) {
    return List.of();
  }
}
