package dev.millrace.engine.service;

import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.LogLengths;
import dev.millrace.engine.domain.StopOrder;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What a user's wish makes of an execution: values in, values out. Empty: nothing changes. */
final class ExecutionChanges {
  /** The row as it should be, and the fact that says so. */
  record Change(Execution after, String fact) {}

  private static final String STOPPED_EARLY = "It was stopped before it started";

  private ExecutionChanges() {}

  static Optional<Change> stop(Execution e, Instant now) {
    return switch (e.status()) {
      case CREATED, QUEUED -> Optional.of(new Change(stoppedEarly(e, now), "Stopped"));
      case STARTED ->
          Optional.of(
              new Change(ordered(e, ExecutionStatus.STOPPING, StopOrder.STOP, now), "StopOrdered"));
      case STOPPING ->
          e.stop() == StopOrder.KILL || e.endedAt().isPresent()
              ? Optional.empty()
              : Optional.of(
                  new Change(
                      ordered(e, ExecutionStatus.STOPPING, StopOrder.KILL, now), "KillOrdered"));
      case COMPLETE, ERROR, STOPPED -> Optional.empty();
    };
  }

  static Optional<Change> delete(Execution e, Instant now) {
    if (e.deletedAt().isPresent()) {
      return Optional.empty();
    }
    if (!e.status().terminal() || e.settledAt().isEmpty()) {
      throw new Conflict("not_ended", "The execution has not ended; stop it first, then delete it");
    }
    return Optional.of(
        new Change(copy(e, e.tags(), e.status(), e.stop(), now, Optional.of(now)), "Deleted"));
  }

  static Optional<Change> tag(Execution e, List<String> tags, Instant now) {
    Set<String> all = new LinkedHashSet<>(e.tags());
    tags.forEach(tag -> all.add(tag.strip()));
    return all.size() == e.tags().size()
        ? Optional.empty()
        : Optional.of(
            new Change(
                copy(e, List.copyOf(all), e.status(), e.stop(), now, e.deletedAt()), "Tagged"));
  }

  private static Execution ordered(
      Execution e, ExecutionStatus status, StopOrder order, Instant now) {
    return copy(e, e.tags(), status, order, now, e.deletedAt());
  }

  /** Nothing ran, so there is nothing to wait for: the end is settled, an offer is void. */
  private static Execution stoppedEarly(Execution e, Instant now) {
    return new Execution(
        e.id(),
        e.project(),
        e.counter(),
        e.title(),
        e.tags(),
        e.creator(),
        e.environment(),
        e.priority(),
        e.spec(),
        ExecutionStatus.STOPPED,
        Optional.empty(),
        STOPPED_EARLY,
        Optional.empty(),
        e.imageDigest(),
        Optional.empty(),
        StopOrder.STOP,
        Optional.empty(),
        e.createdAt(),
        e.queuedAt(),
        Optional.empty(),
        Optional.of(now),
        Optional.of(now),
        e.logLengths().or(() -> Optional.of(new LogLengths(0, 0, 0))),
        e.log(),
        now,
        e.deletedAt(),
        e.version());
  }

  private static Execution copy(
      Execution e,
      List<String> tags,
      ExecutionStatus status,
      StopOrder stop,
      Instant now,
      Optional<Instant> deletedAt) {
    return new Execution(
        e.id(),
        e.project(),
        e.counter(),
        e.title(),
        tags,
        e.creator(),
        e.environment(),
        e.priority(),
        e.spec(),
        status,
        e.reason(),
        e.statusDetail(),
        e.waiting(),
        e.imageDigest(),
        e.exitCode(),
        stop,
        e.lease(),
        e.createdAt(),
        e.queuedAt(),
        e.startedAt(),
        e.endedAt(),
        e.settledAt(),
        e.logLengths(),
        e.log(),
        now,
        deletedAt,
        e.version());
  }
}
