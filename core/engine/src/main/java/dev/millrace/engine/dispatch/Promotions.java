package dev.millrace.engine.dispatch;

import dev.millrace.engine.artifacts.CodeArchives;
import dev.millrace.engine.artifacts.Images;
import dev.millrace.engine.artifacts.StoreUnavailable;
import dev.millrace.engine.domain.Commit;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionChange;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.ReasonCode;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.queue.Queue;
import dev.millrace.engine.source.SourceException;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.Slice;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes new executions wait in their group's queue, once the tag of their image has been resolved
 * to a digest, or no registry could do that, and the code of their commit is in the store.
 */
@Component(service = Promotions.class, immediate = true)
public final class Promotions {
  private static final Logger log = LoggerFactory.getLogger(Promotions.class);
  private static final int LOOKED_AT = 500;
  private static final int RESOLVERS = 4;

  private final Database database;
  private final Images images;
  private final CodeArchives archives;
  private final Queue queue;
  private final Clock clock;
  private final Set<ExecutionId> inHand = ConcurrentHashMap.newKeySet();
  private final ExecutorService resolvers;

  @Activate
  public Promotions(
      @Reference Database database,
      @Reference Images images,
      @Reference CodeArchives archives,
      @Reference Queue queue,
      @Reference Clock clock) {
    this.database = database;
    this.images = images;
    this.archives = archives;
    this.queue = queue;
    this.clock = clock;
    AtomicInteger number = new AtomicInteger();
    this.resolvers =
        Executors.newFixedThreadPool(
            RESOLVERS,
            work -> {
              Thread thread = new Thread(work, "millrace-image-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
  }

  @Deactivate
  void close() {
    resolvers.shutdownNow();
  }

  /** Looks at what was submitted; never waits for a registry. */
  public void tick() {
    List<Execution> created =
        database.read(
            s ->
                s.executions().unfinished(Set.of(ExecutionStatus.CREATED), Slice.first(LOOKED_AT)));
    for (Execution execution : created) {
      boolean registry = database.read(s -> needsRegistry(s, execution));
      if (!registry && archived(execution)) {
        promote(execution, Optional.empty());
      } else if (inHand.add(execution.id())) {
        resolvers.execute(() -> prepare(execution, registry));
      }
    }
  }

  private boolean archived(Execution execution) {
    return database
        .read(s -> s.commits().find(Leases.EVERYTHING, execution.spec().commit()))
        .flatMap(Commit::archive)
        .isPresent();
  }

  private void prepare(Execution execution, boolean registry) {
    try {
      if (archive(execution)) {
        promote(execution, registry ? images.resolve(execution.spec().image()) : Optional.empty());
      }
    } catch (RuntimeException e) {
      log.warn("execution could not be queued, tried again execution={}", execution.id(), e);
    } finally {
      inHand.remove(execution.id());
    }
  }

  /**
   * Puts the commit's code into the store, once per commit; false if that has to be tried again, or
   * cannot be done.
   */
  private boolean archive(Execution execution) {
    Optional<DataStore> store =
        database.read(s -> s.dataStores().find(Leases.EVERYTHING, execution.spec().uploadStore()));
    try {
      if (store.isPresent()) {
        archives.ensure(execution.spec().commit(), store.get());
        return true;
      }
      waits(execution, "A data store that it needs is not configured any more.");
    } catch (StoreUnavailable e) {
      waits(execution, String.valueOf(e.getMessage()));
    } catch (SourceException e) {
      if (e.code() == SourceException.Code.UNAVAILABLE) {
        waits(execution, String.valueOf(e.getMessage()));
      } else {
        fail(execution, "The code of its commit cannot be packed: " + e.getMessage());
      }
    }
    return false;
  }

  private void waits(Execution execution, String reason) {
    database.transact(
        s -> {
          s.executions().setWaiting(execution.id(), reason);
          return true;
        });
  }

  private void fail(Execution execution, String detail) {
    Instant now = clock.instant();
    ExecutionChange change =
        ExecutionChange.of(execution)
            .status(ExecutionStatus.ERROR)
            .reason(ReasonCode.INPUT)
            .statusDetail(detail)
            .endedAt(now)
            .settledAt(now);
    database.transact(
        s ->
            s.executions()
                .update(
                    change.at(now),
                    Leases.fact(execution, "Ended", now, Map.of("reason", "input"))));
  }

  private void promote(Execution execution, Optional<String> digest) {
    Instant now = clock.instant();
    ExecutionChange change =
        ExecutionChange.of(execution)
            .status(ExecutionStatus.QUEUED)
            .queuedAt(now)
            .waiting("It waits for a free slot.");
    digest.ifPresent(change::imageDigest);
    boolean done =
        database.transact(
            s ->
                s.executions()
                    .update(
                        change.at(now),
                        Leases.fact(
                            execution, "Queued", now, Map.of("imageDigest", digest.orElse("")))));
    if (done) {
      queue.offer(execution.environment(), execution.id());
    }
  }

  /** Without a container nobody asks a registry. */
  private static boolean needsRegistry(Session session, Execution execution) {
    Optional<Environment> group =
        session.environments().find(Leases.EVERYTHING, execution.environment());
    if (group.isEmpty() || group.get().runtime() == Environment.Runtime.PROCESS) {
      return false;
    }
    List<Worker> workers = session.workers().list(Optional.of(group.get().id()), LOOKED_AT);
    return group.get().runtime() == Environment.Runtime.DOCKER
        || workers.isEmpty()
        || workers.stream().anyMatch(w -> w.runtimes().contains("docker"));
  }
}
