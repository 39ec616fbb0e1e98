package dev.millrace.engine.service;

import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.Owner;
import dev.millrace.engine.domain.Project;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * An execution with what clients want to see beside it.
 *
 * @param shown the status that clients see: a final one only when log and outputs are settled
 * @param duration from start to end, or to now; empty before the start
 */
public record ExecutionView(
    Execution execution,
    ExecutionStatus shown,
    Optional<Duration> duration,
    Project project,
    Owner projectOwner,
    Environment environment,
    CommitView commit,
    Owner creator) {

  /**
   * The execution with what it made.
   *
   * @param metadata key to last value, as JSON text
   * @param metadataCut whether some was dropped because of the execution's limit
   */
  public record Detail(
      ExecutionView view,
      Listing<DatumView> outputs,
      Map<String, String> metadata,
      boolean metadataCut) {
    Detail with(Listing<DatumView> others) {
      return new Detail(view, others, metadata, metadataCut);
    }
  }

  /** What names an execution. */
  public record Brief(ExecutionId id, String title, int counter) {
    static Brief of(Execution execution) {
      return new Brief(execution.id(), execution.title(), execution.counter());
    }
  }
}
