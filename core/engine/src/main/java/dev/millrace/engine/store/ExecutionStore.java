package dev.millrace.engine.store;

import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.Fact;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.WorkerId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Executions; seen by whoever sees their project. */
public interface ExecutionStore {
  /** Stores a new row with version 1 and its first fact, whose sequence is 1. */
  void insert(Execution execution, Fact fact);

  /**
   * The one way in which an execution changes state: stores {@code execution} with its version
   * raised by one if the row still has {@code execution.version()}, and {@code fact} with the
   * raised version as its sequence; else stores nothing and returns false. What would change
   * status, reason or end of a row whose status is terminal is refused in the same way.
   */
  boolean update(Execution execution, Fact fact);

  /**
   * Stores the waiting reason without a fact or a new version, if it differs and the execution
   * still waits.
   */
  void setWaiting(ExecutionId id, String waiting);

  /**
   * Stores what the run says of itself, without a fact or a new version, while it is not terminal.
   */
  boolean setStatusDetail(ExecutionId id, String detail);

  Optional<Execution> find(Scope scope, ExecutionId id);

  Optional<Execution> byCounter(Scope scope, ProjectId project, int counter);

  /** The highest counter that is not deleted. */
  Optional<Execution> latest(Scope scope, ProjectId project);

  /** Which executions that part of a list has; found without reading them. */
  Keys<ExecutionId> keys(Scope scope, ExecutionFilter filter, Slice slice);

  /** The first of those executions, as many as fit into one stretch. */
  Stretch<Execution> read(List<ExecutionId> keys);

  /** Their numbers within their projects. */
  Map<ExecutionId, Integer> counters(Set<ExecutionId> ids);

  /** How many the project has by status, deleted ones left out. */
  Map<ExecutionStatus, Long> summary(ProjectId project);

  /** Those of the group that wait to be claimed, highest priority first, then oldest queue time. */
  List<Execution> queued(EnvironmentId group, int limit);

  /** Not terminal, of any group, oldest first; for the loops. */
  List<Execution> unfinished(Set<ExecutionStatus> statuses, Slice slice);

  /** How many each creator has running in the group: offered, or started and not ended. */
  Map<OwnerId, Long> running(EnvironmentId group);

  /** Those that the worker holds or was offered. */
  List<Execution> leasedTo(WorkerId worker);

  /** Settled, but their log not sealed yet; oldest first. */
  List<Execution> unsealed(int limit);

  /**
   * Raises the beat of the lease if it is held with that token; false if the token is stale. Leaves
   * the version.
   */
  boolean beat(ExecutionId id, String leaseTokenHash);

  /** The beat of the lease as it is now; with the row's lock where this transaction has it. */
  long beat(ExecutionId id);

  /**
   * The beat of a lease.
   *
   * @param silentMillis for how long masters have seen it stand at that number, as far as they
   *     wrote it down
   */
  record Beat(long number, long silentMillis) {}

  /** The beats of all offered and held leases. */
  Map<ExecutionId, Beat> beats();

  /**
   * Writes down for how long these leases have stood at their numbers; shorter times than those
   * that are written, and leases that have beaten since, are left out.
   */
  void silent(Map<ExecutionId, Beat> leases);

  /**
   * Those that may be removed for good: deleted before that time, they or their project; settled,
   * with their log sealed, and without uploads on their way. Oldest deletion first.
   */
  List<Execution> removable(Instant deletedBefore, Slice slice);

  /** Removes the row and all that is kept of that execution alone; its outputs stay. */
  void remove(ExecutionId id);

  /** How much the execution has put out, or has begun to. */
  record OutputTotals(long files, long bytes) {}

  /** Counts further outputs, and answers the totals with them. */
  OutputTotals addOutputs(ExecutionId id, long files, long bytes);

  /** Notes that somebody read the events now, so that the end is shown a little later. */
  void polled(ExecutionId id, Instant at);

  Optional<Instant> lastPolled(ExecutionId id);
}
