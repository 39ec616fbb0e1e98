package dev.millrace.engine.store;

import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.Fact;
import dev.millrace.engine.domain.JournalEntry;
import java.util.List;

/** The journal. Facts are inserted with their executions. */
public interface FactStore {
  /** Of one execution, by sequence. */
  List<Fact> of(ExecutionId execution, int limit);

  /**
   * Stamps positions on committed facts that have none, oldest first, and returns how many. One
   * loop calls it.
   */
  int stamp(int limit);

  /** Facts with a higher position, in its order. */
  List<Fact> after(long position, int limit);

  /** The highest position that was given; 0 before the first. */
  long last();

  /**
   * Entries with a higher position but none above {@code to}, in its order, of projects that are
   * living and in the scope.
   */
  List<JournalEntry> between(Scope scope, long after, long to, int limit);
}
