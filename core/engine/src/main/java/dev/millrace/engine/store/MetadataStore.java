package dev.millrace.engine.store;

import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.MetadataLine;
import java.util.List;
import java.util.Map;

/** What runs printed as JSON objects, in batches, and the last value of each key. */
public interface MetadataStore {
  /** What is kept of one execution; bytes are those of the JSON texts. */
  record Limit(long lines, long bytes) {
    /** The most keys that have a last value. */
    public static final int KEYS = 10_000;
  }

  /**
   * What became of a batch.
   *
   * @param next one past the start of the last line that was stored or dropped, 0 where there is
   *     none
   * @param cut whether lines were dropped because of the limit
   */
  record Appended(long next, boolean cut) {}

  /**
   * Appends the lines whose offset is above the highest stored one and folds them into the last
   * values. From the first line on that passes the limit all are dropped for good.
   */
  Appended append(ExecutionId execution, List<MetadataLine> lines, Limit limit);

  /** Whether lines, or last values of further keys, were dropped because of the limit. */
  boolean cut(ExecutionId execution);

  /** Lines by offset. */
  Rows<MetadataLine> list(ExecutionId execution, Slice slice);

  /** How many lines there are. */
  long count(ExecutionId execution);

  /** The lines from that index on, as many as came in one batch; none past the last. */
  List<MetadataLine> from(ExecutionId execution, long first);

  /** Key to last value, as JSON text; in the order in which keys came first. */
  Map<String, String> lastValues(ExecutionId execution);
}
