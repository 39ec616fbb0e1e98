package dev.millrace.engine.dispatch;

import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionChange;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.Lease;
import dev.millrace.engine.domain.ReasonCode;
import dev.millrace.engine.logs.LiveLogs;
import dev.millrace.engine.loop.Stillness;
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

  /** What was seen of one lease. */
  private static final class Seen {
    private final Stillness stillness = new Stillness();
    private long beat = -1;
    private Duration unchanged = Duration.ZERO;
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
    seen.keySet().retainAll(beats.keySet());
    List<ExecutionId> silent = new ArrayList<>();
    beats.forEach(
        (id, beat) -> {
          Seen known = seen.computeIfAbsent(id, i -> new Seen());
          if (known.beat != beat) {
            known.beat = beat;
            known.held = false;
          }
          known.unchanged = known.stillness.look(beat, now);
          Duration limit = known.held ? settings.workerLost() : settings.offer();
          if (known.unchanged.compareTo(limit) >= 0) {
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
    if (known.unchanged.compareTo(settings.workerLost()) >= 0) {
      lose(row.get(), known.beat);
    }
  }

  private void lose(Execution execution, long beat) {
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
    if (taken(execution, beat, change.at(now), now)) {
      log.warn(
          "execution ended, its worker is lost execution={} worker={}",
          execution.id(),
          execution.lease().map(l -> l.worker().toString()).orElse(""));
      logs.note(execution.id(), "The worker was lost: what it had not sent of the log is missing.");
      queue.offer(execution.environment(), execution.id());
    }
  }

  /** Takes the lease unless its worker has beaten meanwhile: beats leave the row's version. */
  private boolean taken(Execution execution, long beat, Execution lost, Instant now) {
    try {
      return database.transact(
          s -> {
            boolean done =
                s.executions().update(lost, Leases.fact(execution, "LeaseLost", now, Map.of()));
            // From here on the row is locked, so that no beat can come in between.
            if (done && s.executions().beat(execution.id()) != beat) {
              throw new Heard();
            }
            return done;
          });
    } catch (Heard e) {
      return false;
    }
  }

  /** The worker lives after all. */
  private static final class Heard extends RuntimeException {
    private static final long serialVersionUID = 1;
  }
}
