package dev.millrace.engine.domain;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A changed copy of an execution in the making: what is not named stays as it was. Optional fields
 * are set by their value and emptied by the methods that say so.
 */
public final class ExecutionChange {
  private final Execution from;
  private String title;
  private List<String> tags;
  private int priority;
  private ExecutionStatus status;
  private Optional<ReasonCode> reason;
  private String statusDetail;
  private Optional<String> waiting;
  private Optional<String> imageDigest;
  private Optional<Integer> exitCode;
  private StopOrder stop;
  private Optional<Lease> lease;
  private Optional<Instant> queuedAt;
  private Optional<Instant> startedAt;
  private Optional<Instant> endedAt;
  private Optional<Instant> settledAt;
  private Optional<LogLengths> logLengths;
  private Optional<SealedLog> log;
  private Optional<ExecutionId> restartedAs;
  private Optional<Instant> deletedAt;

  private ExecutionChange(Execution from) {
    this.from = from;
    this.title = from.title();
    this.tags = from.tags();
    this.priority = from.priority();
    this.status = from.status();
    this.reason = from.reason();
    this.statusDetail = from.statusDetail();
    this.waiting = from.waiting();
    this.imageDigest = from.imageDigest();
    this.exitCode = from.exitCode();
    this.stop = from.stop();
    this.lease = from.lease();
    this.queuedAt = from.queuedAt();
    this.startedAt = from.startedAt();
    this.endedAt = from.endedAt();
    this.settledAt = from.settledAt();
    this.logLengths = from.logLengths();
    this.log = from.log();
    this.restartedAs = from.restartedAs();
    this.deletedAt = from.deletedAt();
  }

  public static ExecutionChange of(Execution from) {
    return new ExecutionChange(from);
  }

  public ExecutionChange title(String title) {
    this.title = title;
    return this;
  }

  public ExecutionChange tags(List<String> tags) {
    this.tags = tags;
    return this;
  }

  public ExecutionChange priority(int priority) {
    this.priority = priority;
    return this;
  }

  public ExecutionChange status(ExecutionStatus status) {
    this.status = status;
    return this;
  }

  public ExecutionChange reason(ReasonCode reason) {
    this.reason = Optional.of(reason);
    return this;
  }

  public ExecutionChange statusDetail(String statusDetail) {
    this.statusDetail = statusDetail;
    return this;
  }

  public ExecutionChange waiting(String waiting) {
    this.waiting = Optional.of(waiting);
    return this;
  }

  public ExecutionChange notWaiting() {
    this.waiting = Optional.empty();
    return this;
  }

  public ExecutionChange imageDigest(String imageDigest) {
    this.imageDigest = Optional.of(imageDigest);
    return this;
  }

  public ExecutionChange exitCode(Integer exitCode) {
    this.exitCode = Optional.of(exitCode);
    return this;
  }

  public ExecutionChange stop(StopOrder stop) {
    this.stop = stop;
    return this;
  }

  public ExecutionChange lease(Lease lease) {
    this.lease = Optional.of(lease);
    return this;
  }

  public ExecutionChange withoutLease() {
    this.lease = Optional.empty();
    return this;
  }

  public ExecutionChange queuedAt(Instant queuedAt) {
    this.queuedAt = Optional.of(queuedAt);
    return this;
  }

  public ExecutionChange startedAt(Instant startedAt) {
    this.startedAt = Optional.of(startedAt);
    return this;
  }

  public ExecutionChange endedAt(Instant endedAt) {
    this.endedAt = Optional.of(endedAt);
    return this;
  }

  public ExecutionChange settledAt(Instant settledAt) {
    this.settledAt = Optional.of(settledAt);
    return this;
  }

  public ExecutionChange logLengths(LogLengths logLengths) {
    this.logLengths = Optional.of(logLengths);
    return this;
  }

  public ExecutionChange log(SealedLog log) {
    this.log = Optional.of(log);
    return this;
  }

  public ExecutionChange restartedAs(ExecutionId restart) {
    this.restartedAs = Optional.of(restart);
    return this;
  }

  public ExecutionChange deletedAt(Instant deletedAt) {
    this.deletedAt = Optional.of(deletedAt);
    return this;
  }

  /** The copy, changed at that time; its version is still the one it was read with. */
  public Execution at(Instant modifiedAt) {
    return new Execution(
        from.id(),
        from.project(),
        from.counter(),
        title,
        tags,
        from.creator(),
        from.environment(),
        priority,
        from.spec(),
        status,
        reason,
        statusDetail,
        waiting,
        imageDigest,
        exitCode,
        stop,
        lease,
        from.createdAt(),
        queuedAt,
        startedAt,
        endedAt,
        settledAt,
        logLengths,
        log,
        from.restartOf(),
        restartedAs,
        modifiedAt,
        deletedAt,
        from.version());
  }
}
