package dev.millrace.engine.upkeep;

import dev.millrace.engine.artifacts.Blobs;
import dev.millrace.engine.artifacts.StoreUnavailable;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.PendingUpload;
import dev.millrace.engine.loop.Leadership;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.ToIntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the leading master clears away. What users deleted goes for good after {@code
 * millrace.keep.deleted.days}, audit entries after {@code millrace.keep.audit.days}; uploads that
 * never became outputs go with their bytes a day after their execution settled; join tokens, failed
 * logins and request keys a day after they stopped to count, sessions at once; machines, workers
 * and API tokens a month after they were gone.
 */
public final class Upkeep {
  private static final Logger log = LoggerFactory.getLogger(Upkeep.class);
  private static final Duration DAY = Duration.ofDays(1);
  private static final Duration MONTH = Duration.ofDays(30);
  private static final int BATCH = 500;

  private final Database database;
  private final Blobs blobs;
  private final Removal removal;
  private final Leadership leadership;
  private final Settings settings;
  private final Clock clock;

  Upkeep(
      Database database,
      Blobs blobs,
      Removal removal,
      Leadership leadership,
      Settings settings,
      Clock clock) {
    this.database = database;
    this.blobs = blobs;
    this.removal = removal;
    this.leadership = leadership;
    this.settings = settings;
    this.clock = clock;
  }

  /** One pass. Throws {@link dev.millrace.engine.loop.Deposed} where another master leads. */
  public void tick() {
    Instant now = clock.instant();
    purge("join tokens", s -> s.tokens().purgeJoinTokens(now.minus(DAY), BATCH));
    purge("failed logins", s -> s.attempts().purge(now.minus(DAY), BATCH));
    purge("request keys", s -> s.idempotency().purge(now.minus(DAY), BATCH));
    purge("ended sessions", s -> s.webSessions().purge(now, BATCH));
    purge("ended tokens", s -> s.tokens().purgeTokens(now.minus(MONTH), BATCH));
    purge("gone machines", s -> s.nodes().purgeGone(now.minus(MONTH), BATCH));
    purge("removed workers", s -> s.workers().purgeRemoved(now.minus(MONTH), BATCH));
    purge("audit entries", s -> s.audit().purge(now.minus(settings.keepAudit()), BATCH));
    sweep(now.minus(DAY));
    removal.pass(now.minus(settings.keepDeleted()));
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
