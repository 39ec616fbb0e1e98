package dev.millrace.persistence;

import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.Lease;
import dev.millrace.engine.domain.LogLengths;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.ReasonCode;
import dev.millrace.engine.domain.SealedLog;
import dev.millrace.engine.domain.StopOrder;
import dev.millrace.engine.domain.StoreId;
import dev.millrace.engine.domain.WorkerId;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.NullUnmarked;

/** An execution without its spec; its beat and last poll are read and written apart. */
@NullUnmarked
@Entity(name = "Execution")
@Table(name = "execution")
class ExecutionRow {
  @Id UUID id;

  @Column(updatable = false)
  UUID projectId;

  @Column(updatable = false)
  int counter;

  String title;
  String tags;

  @Column(updatable = false)
  int creatorId;

  UUID environmentId;

  @Column(updatable = false)
  String step;

  int priority;
  String status;
  String reason;
  String statusDetail;
  String waiting;
  String imageDigest;
  Integer exitCode;
  String stopOrder;
  UUID leaseWorkerId;
  String leaseState;
  String leaseTokenHash;

  @Column(updatable = false)
  Instant createdAt;

  Instant queuedAt;
  Instant startedAt;
  Instant endedAt;
  Instant settledAt;
  Long stdoutBytes;
  Long stderrBytes;
  Long statusBytes;
  UUID logStoreId;
  String logKey;
  String logIndexKey;
  Long logRecords;

  @Column(updatable = false)
  UUID restartOf;

  UUID restartedAs;

  @Column(updatable = false)
  UUID commitId;

  @Column(updatable = false)
  UUID uploadStoreId;

  Instant modifiedAt;
  Instant deletedAt;
  @Version long version;

  static ExecutionRow of(Execution execution) {
    ExecutionRow row = new ExecutionRow();
    row.id = execution.id().value();
    row.projectId = execution.project().value();
    row.counter = execution.counter();
    row.title = execution.title();
    row.tags = Json.text(execution.tags());
    row.creatorId = execution.creator().value();
    row.environmentId = execution.environment().value();
    row.step = execution.spec().step();
    row.priority = execution.priority();
    row.status = execution.status().name();
    row.reason = execution.reason().map(ReasonCode::name).orElse(null);
    row.statusDetail = execution.statusDetail();
    row.waiting = execution.waiting().orElse(null);
    row.imageDigest = execution.imageDigest().orElse(null);
    row.exitCode = execution.exitCode().orElse(null);
    row.stopOrder = execution.stop().name();
    row.leaseWorkerId = execution.lease().map(lease -> lease.worker().value()).orElse(null);
    row.leaseState = execution.lease().map(lease -> lease.state().name()).orElse(null);
    row.leaseTokenHash = execution.lease().map(Lease::tokenHash).orElse(null);
    row.createdAt = execution.createdAt();
    row.queuedAt = execution.queuedAt().orElse(null);
    row.startedAt = execution.startedAt().orElse(null);
    row.endedAt = execution.endedAt().orElse(null);
    row.settledAt = execution.settledAt().orElse(null);
    row.stdoutBytes = execution.logLengths().map(LogLengths::stdout).orElse(null);
    row.stderrBytes = execution.logLengths().map(LogLengths::stderr).orElse(null);
    row.statusBytes = execution.logLengths().map(LogLengths::status).orElse(null);
    row.logStoreId = execution.log().map(log -> log.store().value()).orElse(null);
    row.logKey = execution.log().map(SealedLog::key).orElse(null);
    row.logIndexKey = execution.log().map(SealedLog::indexKey).orElse(null);
    row.logRecords = execution.log().map(SealedLog::records).orElse(null);
    row.restartOf = execution.restartOf().map(ExecutionId::value).orElse(null);
    row.restartedAs = execution.restartedAs().map(ExecutionId::value).orElse(null);
    row.commitId = execution.spec().commit().value();
    row.uploadStoreId = execution.spec().uploadStore().value();
    row.modifiedAt = execution.modifiedAt();
    row.deletedAt = execution.deletedAt().orElse(null);
    row.version = execution.version();
    return row;
  }

  /** Whether this would give another end to a row that has come to one. */
  boolean changesEndOf(ExecutionRow stored) {
    return ExecutionStatus.valueOf(stored.status).terminal()
        && !(stored.status.equals(status)
            && Objects.equals(stored.reason, reason)
            && Objects.equals(stored.endedAt, endedAt));
  }

  Execution execution(String spec) {
    return new Execution(
        new ExecutionId(id),
        new ProjectId(projectId),
        counter,
        title,
        Json.texts(tags),
        new OwnerId(creatorId),
        new EnvironmentId(environmentId),
        priority,
        SpecText.read(spec),
        ExecutionStatus.valueOf(status),
        Optional.ofNullable(reason).map(ReasonCode::valueOf),
        statusDetail,
        Optional.ofNullable(waiting),
        Optional.ofNullable(imageDigest),
        Optional.ofNullable(exitCode),
        StopOrder.valueOf(stopOrder),
        lease(),
        createdAt,
        Optional.ofNullable(queuedAt),
        Optional.ofNullable(startedAt),
        Optional.ofNullable(endedAt),
        Optional.ofNullable(settledAt),
        Optional.ofNullable(stdoutBytes)
            .map(stdout -> new LogLengths(stdout, stderrBytes, statusBytes)),
        Optional.ofNullable(logStoreId)
            .map(store -> new SealedLog(new StoreId(store), logKey, logIndexKey, logRecords)),
        Optional.ofNullable(restartOf).map(ExecutionId::new),
        Optional.ofNullable(restartedAs).map(ExecutionId::new),
        modifiedAt,
        Optional.ofNullable(deletedAt),
        version);
  }

  private Optional<Lease> lease() {
    return Optional.ofNullable(leaseWorkerId)
        .map(
            worker ->
                new Lease(new WorkerId(worker), Lease.State.valueOf(leaseState), leaseTokenHash));
  }

  /** The text of an execution's spec. */
  @NullUnmarked
  @Entity(name = "ExecutionSpec")
  @Table(name = "execution_spec")
  static class SpecRow {
    @Id UUID executionId;
    String spec;
  }
}
