package dev.millrace.engine.service;

import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionChange;
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
      case STARTED -> Optional.of(new Change(ordered(e, StopOrder.STOP, now), "StopOrdered"));
      case STOPPING ->
          e.stop() == StopOrder.KILL || e.settledAt().isPresent()
              ? Optional.empty()
              : Optional.of(new Change(ordered(e, StopOrder.KILL, now), "KillOrdered"));
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
    return Optional.of(new Change(ExecutionChange.of(e).deletedAt(now).at(now), "Deleted"));
  }

  static Optional<Change> tag(Execution e, List<String> tags, Instant now) {
    Set<String> all = new LinkedHashSet<>(e.tags());
    tags.forEach(tag -> all.add(tag.strip()));
    return all.size() == e.tags().size()
        ? Optional.empty()
        : Optional.of(new Change(ExecutionChange.of(e).tags(List.copyOf(all)).at(now), "Tagged"));
  }

  private static Execution ordered(Execution e, StopOrder order, Instant now) {
    return ExecutionChange.of(e).status(ExecutionStatus.STOPPING).stop(order).at(now);
  }

  /** Nothing ran, so there is nothing to wait for: the end is settled, an offer is void. */
  private static Execution stoppedEarly(Execution e, Instant now) {
    return ExecutionChange.of(e)
        .status(ExecutionStatus.STOPPED)
        .statusDetail(STOPPED_EARLY)
        .notWaiting()
        .stop(StopOrder.STOP)
        .withoutLease()
        .endedAt(now)
        .settledAt(now)
        .logLengths(e.logLengths().orElse(new LogLengths(0, 0, 0)))
        .at(now);
  }
}
