package dev.millrace.engine.loop;

import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.DatabaseUnavailable;
import dev.millrace.engine.store.SettingStore.Lead;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which of the masters on one database runs the loops that only one may run. The lease is a beat
 * number on a row. Who takes over has seen the same number for the whole lease on its own clock;
 * who leads stops trusting itself at half of it. What a leader writes, it writes behind {@link
 * #transact}, which fails once another has taken over, however long the writer was frozen before.
 */
@Component(service = Leadership.class, immediate = true)
public final class Leadership {
  private static final Logger log = LoggerFactory.getLogger(Leadership.class);
  private static final String ROW = "master";
  private static final Duration PERIOD = Duration.ofSeconds(1);
  static final Duration LEASE = Duration.ofSeconds(10);

  private final Database database;
  private final String me;
  private final LongSupplier nanos;
  private final Stillness stillness = new Stillness();
  private final Optional<Loop> loop;
  private volatile Optional<Long> beaten = Optional.empty();

  @Activate
  public Leadership(@Reference Database database) {
    this.database = database;
    this.me = UUID.randomUUID().toString();
    this.nanos = System::nanoTime;
    this.loop = Optional.of(Loop.start("leadership", PERIOD, this::tick));
  }

  /** One whose ticks are called by hand. */
  public Leadership(Database database, String me, LongSupplier nanos) {
    this.database = database;
    this.me = me;
    this.nanos = nanos;
    this.loop = Optional.empty();
  }

  /** Stops leading, so that another need not wait for the lease. */
  @Deactivate
  public void close() {
    loop.ifPresent(Loop::close);
    if (beaten.isPresent()) {
      beaten = Optional.empty();
      try {
        database.transact(s -> s.settings().resign(ROW, me));
      } catch (DatabaseUnavailable e) {
        log.info("leadership was not given back, its lease runs out leader={}", me);
      }
    }
  }

  /** Beats, or takes over from a leader that has not for the whole lease. */
  public void tick() {
    long before = nanos.getAsLong();
    if (beaten.isPresent()) {
      if (database.transact(s -> s.settings().beat(ROW, me))) {
        beaten = Optional.of(before);
        return;
      }
      deposed();
    }
    Optional<Lead> seen = database.read(s -> s.settings().lead(ROW));
    boolean free = seen.isEmpty() || stillness.look(seen.get(), before).compareTo(LEASE) >= 0;
    if (free && database.transact(s -> s.settings().takeOver(ROW, seen, me))) {
      beaten = Optional.of(before);
      log.info("leadership taken leader={}", me);
    }
  }

  /** Whether this master leads, as far as it knows. */
  public boolean leads() {
    return beaten.filter(at -> nanos.getAsLong() - at < LEASE.dividedBy(2).toNanos()).isPresent();
  }

  /**
   * Like {@link Database#transact}, if this master leads: no other can take over before the commit.
   * Throws {@link Deposed}, with nothing written, if one has.
   */
  public <T> T transact(Database.Work<T> work) {
    return database.transact(
        session -> {
          if (beaten.isEmpty() || !session.settings().beat(ROW, me)) {
            deposed();
            throw new Deposed();
          }
          return work.in(session);
        });
  }

  /** Throws {@link Deposed} if this master does not lead; asked before acting on the world. */
  public void check() {
    transact(session -> true);
  }

  /** A tick that only the leader runs. */
  public Loop.Body led(Loop.Body body) {
    return () -> {
      if (leads()) {
        try {
          body.tick();
        } catch (Deposed e) {
          log.info("leadership lost in the middle of a tick leader={}", me);
        }
      }
    };
  }

  private void deposed() {
    if (beaten.isPresent()) {
      log.warn("leadership lost leader={}", me);
      beaten = Optional.empty();
    }
  }
}
