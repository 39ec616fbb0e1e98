package dev.millrace.engine.dispatch;

import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionChange;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.Lease;
import dev.millrace.engine.domain.ReasonCode;
import dev.millrace.engine.logs.LiveLogs;
import dev.millrace.engine.queue.Queue;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes back offers that nobody accepted and ends executions whose worker is gone. It counts how
 * long it has seen the same beat number itself, on a clock that nobody sets; time in which it could
 * not look does not count.
 */
@Component(service = LeaseWatch.class, immediate = true)
public final class LeaseWatch {
  private static final Logger log = LoggerFactory.getLogger(LeaseWatch.class);

  /** A longer gap between two looks counts as this much. */
  private static final Duration LONGEST_STEP = Duration.ofSeconds(3);

  private static final class Seen {
    private long beat;
    private long unchangedNanos;
    private boolean held;
  }

  private final Database database;
  private final Leases leases;
  private final LiveLogs logs;
  private final Queue queue;
  private final Settings settings;
  private final Clock clock;
  private final LongSupplier nanos;
  private final Map<ExecutionId, Seen> seen = new HashMap<>();
  private Optional<Long> lastLook = Optional.empty();

  @Activate
  public LeaseWatch(
      @Reference Database database,
      @Reference Leases leases,
      @Reference LiveLogs logs,
      @Reference Queue queue,
      @Reference Settings settings,
      @Reference Clock clock) {
    this(database, leases, logs, queue, settings, clock, System::nanoTime);
  }

  LeaseWatch(
      Database database,
      Leases leases,
      LiveLogs logs,
      Queue queue,
      Settings settings,
      Clock clock,
      LongSupplier nanos) {
    this.database = database;
    this.leases = leases;
    this.logs = logs;
    this.queue = queue;
    this.settings = settings;
    this.clock = clock;
    this.nanos = nanos;
  }

  /** Looks once at all beats. Only one thread calls it. */
  public void tick() {
    Map<ExecutionId, Long> beats = database.read(s -> s.executions().beats());
    long now = nanos.getAsLong();
    long step = lastLook.map(last -> Math.min(now - last, LONGEST_STEP.toNanos())).orElse(0L);
    lastLook = Optional.of(now);
    seen.keySet().retainAll(beats.keySet());
    List<ExecutionId> silent = new ArrayList<>();
    beats.forEach(
        (id, beat) -> {
          Seen known = seen.get(id);
          if (known == null || known.beat != beat) {
            Seen fresh = new Seen();
            fresh.beat = beat;
            seen.put(id, fresh);
            return;
          }
          known.unchangedNanos += step;
          Duration limit = known.held ? settings.workerLost() : settings.offer();
          if (known.unchangedNanos >= limit.toNanos()) {
            silent.add(id);
          }
        });
    silent.forEach(this::judge);
  }

  private void judge(ExecutionId id) {
    Optional<Execution> row = database.read(s -> s.executions().find(Leases.EVERYTHING, id));
    Optional<Lease> lease = row.flatMap(Execution::lease);
    Seen known = seen.get(id);
    if (row.isEmpty() || lease.isEmpty() || known == null) {
      seen.remove(id);
      return;
    }
    if (lease.get().state() == Lease.State.OFFERED) {
      if (leases.expire(row.get())) {
        log.info("offer expired execution={} worker={}", id, lease.get().worker());
        queue.offer(row.get().environment(), id);
      }
      seen.remove(id);
      return;
    }
    known.held = true;
    if (known.unchangedNanos >= settings.workerLost().toNanos()) {
      lose(row.get());
    }
  }

  private void lose(Execution execution) {
    Instant now = clock.instant();
    String detail =
        "Its worker has not been heard of for "
            + settings.workerLost().toSeconds()
            + " s. Look at the machine, then run it again.";
    ExecutionChange change =
        ExecutionChange.of(execution)
            .status(ExecutionStatus.ERROR)
            .reason(execution.reason().orElse(ReasonCode.WORKER_LOST))
            .endedAt(execution.endedAt().orElse(now))
            .settledAt(now)
            .logLengths(logs.lengths(execution.id()))
            .statusDetail(execution.reason().isPresent() ? execution.statusDetail() : detail)
            .withoutLease();
    boolean done =
        database.transact(
            s ->
                s.executions()
                    .update(change.at(now), Leases.fact(execution, "LeaseLost", now, Map.of())));
    if (done) {
      log.warn(
          "execution ended, its worker is lost execution={} worker={}",
          execution.id(),
          execution.lease().map(l -> l.worker().toString()).orElse(""));
      logs.note(execution.id(), "The worker was lost: what it had not sent of the log is missing.");
      queue.offer(execution.environment(), execution.id());
    }
  }
}
