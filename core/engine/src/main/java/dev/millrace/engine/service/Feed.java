package dev.millrace.engine.service;

import dev.millrace.engine.domain.JournalEntry;
import java.util.List;
import java.util.Optional;

/**
 * Follows a log or the journal on behalf of one caller, bit by bit. Holds nothing open between two
 * calls. Not safe for threads.
 */
public interface Feed {
  /**
   * What came since the last call, at most about 256 KiB of it.
   *
   * @throws Unauthenticated if the caller's token is no longer good
   * @throws NotFound if the caller may no longer see it
   * @throws Unavailable if it cannot be read just now; the next call may
   */
  Batch next();

  /**
   * Some items in order.
   *
   * @param more whether more can be had at once
   * @param end whether nothing will ever come again
   */
  record Batch(List<Item> items, boolean more, boolean end) {}

  /** Something that came. */
  sealed interface Item {
    /** A line of the log, and the position from which a reader goes on after it. */
    record Line(String position, LogPage.Line line) implements Item {}

    /**
     * A line that has no end yet, as it stands; the next one of the stream, or a line, takes its
     * place. Its text is empty when a terminal would show none any more.
     */
    record Partial(LogPage.Line line) implements Item {}

    /** The execution's state, where it differs from the one told before. */
    record State(String status, String detail, Optional<String> reason) implements Item {}

    /** An entry of the journal; its position is the one from which a reader goes on. */
    record Entry(JournalEntry entry) implements Item {}
  }
}
