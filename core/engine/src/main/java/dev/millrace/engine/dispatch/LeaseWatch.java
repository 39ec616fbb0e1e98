package dev.millrace.engine.dispatch;

import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.Lease;
import dev.millrace.engine.loop.Stillness;
import dev.millrace.engine.queue.Queue;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.ExecutionStore.Beat;
import java.time.Duration;
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
 * not look does not count. It writes long silence down, so that masters that are started again and
 * again find a silent run as well.
 */
@Component(service = LeaseWatch.class, immediate = true)
public final class LeaseWatch {
  private static final Logger log = LoggerFactory.getLogger(LeaseWatch.class);

  private static final Duration WRITTEN_EACH = Duration.ofSeconds(15);
  private static final Duration FIRST_LOOK = Duration.ofSeconds(30);

  /** What was seen of one lease. */
  private static final class Seen {
    private final Stillness stillness = new Stillness();
    private long beat = -1;
    private Duration before = Duration.ZERO;
    private Duration unchanged = Duration.ZERO;
    private Duration written = Duration.ZERO;
    private boolean held;
  }

  private final Database database;
  private final Leases leases;
  private final LostRuns lost;
  private final Queue queue;
  private final Settings settings;
  private final LongSupplier nanos;
  private final Apart<ExecutionId> runs;
  private final Map<ExecutionId, Seen> seen = new HashMap<>();

  @Activate
  public LeaseWatch(
      @Reference Database database,
      @Reference Leases leases,
      @Reference LostRuns lost,
      @Reference Queue queue,
      @Reference Settings settings) {

    this(database, leases, lost, queue, settings, System::nanoTime);
  }

  LeaseWatch(
      Database database,
      Leases leases,
      LostRuns lost,
      Queue queue,
      Settings settings,
      LongSupplier nanos) {
    this.database = database;
    this.leases = leases;
    this.lost = lost;
    this.queue = queue;
    this.settings = settings;
    this.nanos = nanos;
    this.runs = new Apart<>(log, "execution", nanos);
  }

  /** Looks once at all beats. Only one thread calls it. */
  public void tick() {
    Map<ExecutionId, Beat> beats = database.read(s -> s.executions().beats());
    long now = nanos.getAsLong();
    seen.keySet().retainAll(beats.keySet());
    List<ExecutionId> silent = new ArrayList<>();
    Map<ExecutionId, Beat> toWrite = new HashMap<>();
    beats.forEach(
        (id, beat) -> {
          Seen known = seen.get(id);
          if (known == null) {
            known = new Seen();
            known.before = remembered(beat);
            known.written = known.before;
            seen.put(id, known);
          } else if (known.beat != beat.number()) {
            known.held = false;
            known.before = Duration.ZERO;
            known.written = Duration.ZERO;
          }
          known.beat = beat.number();
          known.unchanged = known.before.plus(known.stillness.look(beat.number(), now));
          if (known.held && known.unchanged.minus(known.written).compareTo(WRITTEN_EACH) >= 0) {
            known.written = known.unchanged;
            toWrite.put(id, new Beat(beat.number(), known.unchanged.toMillis()));
          }
          Duration limit = known.held ? settings.workerLost() : settings.offer();
          if (known.unchanged.compareTo(limit) >= 0) {
            silent.add(id);
          }
        });
    if (!toWrite.isEmpty()) {
      database.transact(
          s -> {
            s.executions().silent(toWrite);
            return true;
          });
    }
    silent.forEach(id -> runs.run(id, () -> judge(id)));
  }

  /** A worker that this master has not heard yet gets a while to be heard. */
  private Duration remembered(Beat beat) {
    Duration most = settings.workerLost().minus(FIRST_LOOK);
    Duration silent = Duration.ofMillis(beat.silentMillis());
    return most.isNegative() ? Duration.ZERO : silent.compareTo(most) < 0 ? silent : most;
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
      lost.end(row.get(), known.beat);
    }
  }
}
