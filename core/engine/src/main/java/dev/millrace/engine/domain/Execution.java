package dev.millrace.engine.domain;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * One run of one step: what was asked for, and what became of it.
 *
 * @param counter number within the project, from 1
 * @param waiting why it does not run yet, for users; empty once started
 * @param endedAt the master's time of the end of the last process of the run
 * @param settledAt when log and outputs were whole
 * @param restartOf the execution of which this one is the restart, because its worker was lost
 * @param restartedAs the restart of this one, if there is one
 * @param version raised by one with each change of state; the sequence of the fact that belongs to
 *     it
 */
public record Execution(
    ExecutionId id,
    ProjectId project,
    int counter,
    String title,
    List<String> tags,
    OwnerId creator,
    EnvironmentId environment,
    int priority,
    ExecutionSpec spec,
    ExecutionStatus status,
    Optional<ReasonCode> reason,
    String statusDetail,
    Optional<String> waiting,
    Optional<String> imageDigest,
    Optional<Integer> exitCode,
    StopOrder stop,
    Optional<Lease> lease,
    Instant createdAt,
    Optional<Instant> queuedAt,
    Optional<Instant> startedAt,
    Optional<Instant> endedAt,
    Optional<Instant> settledAt,
    Optional<LogLengths> logLengths,
    Optional<SealedLog> log,
    Optional<ExecutionId> restartOf,
    Optional<ExecutionId> restartedAs,
    Instant modifiedAt,
    Optional<Instant> deletedAt,
    long version) {}
