package dev.millrace.engine.store;

import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.ProjectId;
import java.util.Optional;
import java.util.Set;

/** Which executions a list shows; empty sets and options do not narrow. */
public record ExecutionFilter(
    Optional<ProjectId> project,
    Set<ExecutionStatus> statuses,
    Set<Integer> counters,
    Optional<OwnerId> creator,
    Optional<String> step,
    Optional<EnvironmentId> environment,
    Optional<Boolean> deleted,
    Order order) {
  /** How a list is ordered. */
  public enum Order {
    COUNTER,
    COUNTER_DESC,
    CREATED,
    CREATED_DESC
  }
}
