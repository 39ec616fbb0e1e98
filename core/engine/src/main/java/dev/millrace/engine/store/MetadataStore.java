package dev.millrace.engine.store;

import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.MetadataLine;
import java.util.List;
import java.util.Map;

/** What runs printed as JSON objects, in batches, and the last value of each key. */
public interface MetadataStore {
  /**
   * Appends the lines whose offset is above the highest stored one and folds them into the last
   * values; returns the offset after the last stored line, as {@code offset + 1} of its start, or 0
   * where there is none.
   */
  long append(ExecutionId execution, List<MetadataLine> lines);

  /** Lines by offset. */
  Rows<MetadataLine> list(ExecutionId execution, Slice slice);

  /** Key to last value, as JSON text; in the order in which keys came first. */
  Map<String, String> lastValues(ExecutionId execution);
}
