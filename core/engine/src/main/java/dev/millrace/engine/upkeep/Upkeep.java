package dev.millrace.engine.upkeep;

import dev.millrace.engine.artifacts.Blobs;
import dev.millrace.engine.artifacts.StoreUnavailable;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.PendingUpload;
import dev.millrace.engine.loop.Leadership;
import dev.millrace.engine.loop.Loop;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.ToIntFunction;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the leading master clears away: uploads that never became outputs, with their bytes, a day
 * after their execution settled; join tokens and failed logins a day after they stopped to count;
 * machines a month after they were gone.
 */
@Component(service = Upkeep.class, immediate = true)
public final class Upkeep {
  private static final Logger log = LoggerFactory.getLogger(Upkeep.class);
  private static final Duration PERIOD = Duration.ofMinutes(1);
  private static final Duration DAY = Duration.ofDays(1);
  private static final Duration MONTH = Duration.ofDays(30);
  private static final int BATCH = 500;

  private final Database database;
  private final Blobs blobs;
  private final Leadership leadership;
  private final Clock clock;
  private final Optional<Loop> loop;

  @Activate
  public Upkeep(
      @Reference Database database,
      @Reference Blobs blobs,
      @Reference Leadership leadership,
      @Reference Clock clock) {
    this(database, blobs, leadership, clock, true);
  }

  /** One whose ticks may be called by hand. */
  public Upkeep(
      Database database, Blobs blobs, Leadership leadership, Clock clock, boolean looping) {
    this.database = database;
    this.blobs = blobs;
    this.leadership = leadership;
    this.clock = clock;
    this.loop =
        looping
            ? Optional.of(Loop.start("upkeep", PERIOD, leadership.led(this::tick)))
            : Optional.empty();
  }

  @Deactivate
  public void close() {
    loop.ifPresent(Loop::close);
  }

  /** One pass. Throws {@link dev.millrace.engine.loop.Deposed} where another master leads. */
  public void tick() {
    Instant now = clock.instant();
    purge("join tokens", s -> s.tokens().purgeJoinTokens(now.minus(DAY), BATCH));
    purge("failed logins", s -> s.attempts().purge(now.minus(DAY), BATCH));
    purge("gone machines", s -> s.nodes().purgeGone(now.minus(MONTH), BATCH));
    sweep(now.minus(DAY));
  }

  private void purge(String what, ToIntFunction<Session> work) {
    int gone;
    int all = 0;
    do {
      gone = leadership.transact(work::applyAsInt);
      all += gone;
    } while (gone == BATCH);
    if (all > 0) {
      log.info("upkeep=purged what=\"{}\" rows={}", what, all);
    }
  }

  private void sweep(Instant settledBefore) {
    List<PendingUpload> stale = database.read(s -> s.data().stalePending(settledBefore, BATCH));
    for (PendingUpload upload : stale) {
      Optional<DataStore> store =
          database.read(s -> s.dataStores().find(new Scope.Everything(), upload.store()));
      try {
        if (store.isPresent()) {
          leadership.check();
          blobs.delete(store.get(), upload.key());
        }
        leadership.transact(
            s -> {
              s.data().removePending(upload.id());
              return true;
            });
        log.info("upkeep=swept upload={} execution={}", upload.id(), upload.execution());
      } catch (StoreUnavailable e) {
        log.debug("upkeep=waiting upload={} reason=\"{}\"", upload.id(), e.getMessage());
      }
    }
  }
}
