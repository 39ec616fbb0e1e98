package dev.millrace.engine.dispatch;

import dev.millrace.engine.artifacts.CodeArchives;
import dev.millrace.engine.artifacts.Images;
import dev.millrace.engine.artifacts.StoreUnavailable;
import dev.millrace.engine.domain.CommitId;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionChange;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionSpec;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.ReasonCode;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.queue.Queue;
import dev.millrace.engine.source.SourceException;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.WaitingStore.Batch;
import dev.millrace.engine.store.WaitingStore.Code;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes new executions wait in their group's queue, once the code of their commit is in the store
 * and the tag of their image has been resolved to a digest, or no registry could do that. It goes
 * by batches: all new executions of one commit and store. A batch that cannot go on steps aside for
 * a while, and what waits for others runs beside the loop, few at once for each project and store.
 */
@Component(service = Admission.class, immediate = true)
public final class Admission {
  private static final Logger log = LoggerFactory.getLogger(Admission.class);
  private static final int MOST_BATCHES = 1_000;
  private static final int OF_EACH = 8;
  private static final int MOST_AT_ONCE = 64;
  private static final int MOST_HELD = 500;
  private static final int MOST_WORKERS = 500;
  private static final int PACKING = 16;
  private static final int PACKING_FOR_STORE = 3;
  private static final int PACKING_FOR_PROJECT = 2;
  private static final int MOST_REMEMBERED = 20_000;

  private static final int MOST_LEFT_OUT = 1_000;
  private static final int MOST_LEFT_OUT_OF_EACH = 64;

  private final Database database;
  private final CodeArchives archives;
  private final Readiness readiness;
  private final Queue queue;
  private final Clock clock;
  private final ImageLookups images;
  private final KeyedPool packers = new KeyedPool("packing", PACKING);
  private final Pauses<Code> pauses;
  private final Apart<Batch> each;
  private final Map<ProjectId, Long> served = new LinkedHashMap<>();
  private final Map<ExecutionId, String> lookedUp = new LinkedHashMap<>();
  private long turn;
  private Optional<ProjectId> after = Optional.empty();

  @Activate
  public Admission(
      @Reference Database database,
      @Reference Images images,
      @Reference CodeArchives archives,
      @Reference Readiness readiness,
      @Reference Queue queue,
      @Reference Clock clock) {
    this(database, images, archives, readiness, queue, clock, System::nanoTime);
  }

  Admission(
      Database database,
      Images images,
      CodeArchives archives,
      Readiness readiness,
      Queue queue,
      Clock clock,
      LongSupplier nanos) {
    this.database = database;
    this.archives = archives;
    this.readiness = readiness;
    this.queue = queue;
    this.clock = clock;
    this.pauses = new Pauses<>(nanos);
    this.each = new Apart<>(log, "batch", nanos);
    this.images = new ImageLookups(images, queue::wake, nanos);
  }

  @Deactivate
  void close() {
    packers.close();
    images.close();
  }

  /**
   * One look at what was submitted; never waits for a store, Git or a registry. True if there is
   * more to do at once. Only one thread calls it.
   */
  public boolean tick() {
    Set<Code> without = paused();
    List<Batch> batches =
        database.read(s -> s.waiting().batches(after, without, OF_EACH, MOST_BATCHES));
    boolean cut = batches.size() == MOST_BATCHES;
    after = cut ? Optional.of(batches.get(batches.size() - 1).project()) : Optional.empty();
    if (batches.isEmpty()) {
      return false;
    }
    Set<CommitId> commits = new HashSet<>();
    batches.forEach(batch -> batch.commit().ifPresent(commits::add));
    Set<CommitId> archived = database.read(s -> s.waiting().archived(commits));
    int share = Math.max(1, MOST_AT_ONCE / batches.size());
    Map<EnvironmentId, Boolean> registries = new HashMap<>();
    List<Batch> unpacked = new ArrayList<>();
    AtomicBoolean more = new AtomicBoolean(cut);
    for (Batch batch : batches) {
      if (batch.code().isEmpty()) {
        apart(batch, () -> more.compareAndSet(false, tell(batch)));
      } else if (archived.contains(batch.code().get().commit())) {
        apart(batch, () -> more.compareAndSet(false, admit(batch, share, registries)));
      } else {
        unpacked.add(batch);
      }
    }
    unpacked.sort(Comparator.comparing(batch -> served.getOrDefault(batch.project(), 0L)));
    unpacked.forEach(batch -> apart(batch, () -> pack(batch)));
    return more.get();
  }

  /** What cannot go on now is left out of a look, so that it hides nothing newer. */
  private Set<Code> paused() {
    Map<Object, Integer> ofEach = new HashMap<>();
    Set<Code> without = new LinkedHashSet<>();
    for (Code code : pauses.paused()) {
      if (without.size() < MOST_LEFT_OUT
          && ofEach.merge(List.of(code.project(), code.store()), 1, Integer::sum)
              <= MOST_LEFT_OUT_OF_EACH) {
        without.add(code);
      }
    }
    return without;
  }

  private void apart(Batch batch, Runnable work) {
    if (!each.run(batch, work)) {
      batch.code().filter(pauses::over).ifPresent(pauses::longer);
    }
  }

  /** Rows of an older master say in their spec alone what they need. */
  private boolean tell(Batch batch) {
    return database.transact(
        s -> {
          boolean told = false;
          for (ExecutionId id : s.waiting().created(batch, MOST_AT_ONCE)) {
            Optional<ExecutionSpec> spec =
                s.executions().find(Leases.EVERYTHING, id).map(Execution::spec);
            spec.ifPresent(known -> s.waiting().tell(id, known.commit(), known.uploadStore()));
            told |= spec.isPresent();
          }
          return told;
        });
  }

  /** True if the batch may have more that can go on at once. */
  private boolean admit(Batch batch, int share, Map<EnvironmentId, Boolean> registries) {
    boolean registry =
        registries.computeIfAbsent(
            batch.group(), group -> database.read(s -> needsRegistry(s, group)));
    int looked = registry ? MOST_HELD : share;
    List<ExecutionId> ids = database.read(s -> s.waiting().created(batch, looked));
    List<Execution> rows = new ArrayList<>();
    Map<ExecutionId, Optional<String>> digests = new HashMap<>();
    for (ExecutionId id : ids) {
      if (rows.size() >= share) {
        break;
      }
      String waited = registry ? lookedUp.get(id) : null;
      if (waited != null && images.of(waited).isEmpty()) {
        continue;
      }
      Optional<Execution> found =
          database
              .read(s -> s.executions().find(Leases.EVERYTHING, id))
              .filter(e -> e.status() == ExecutionStatus.CREATED);
      if (found.isEmpty()) {
        continue;
      }
      if (registry) {
        Optional<ImageLookups.Found> image = images.of(found.get().spec().image());
        if (image.isEmpty()) {
          remember(id, found.get().spec().image());
          continue;
        }
        lookedUp.remove(id);
        digests.put(id, image.get().digest());
      }
      rows.add(found.get());
    }
    if (!rows.isEmpty()) {
      promote(rows, digests);
    }
    return (rows.size() >= share && ids.size() > rows.size())
        || (ids.size() == looked && !registry);
  }

  /** So that a row is not read again and again while its image is looked up. */
  private void remember(ExecutionId id, String image) {
    lookedUp.put(id, image);
    if (lookedUp.size() > MOST_REMEMBERED) {
      lookedUp.remove(lookedUp.keySet().iterator().next());
    }
  }

  private void promote(List<Execution> rows, Map<ExecutionId, Optional<String>> digests) {
    Instant now = clock.instant();
    int done =
        database.transact(
            s -> {
              int changed = 0;
              for (Execution row : rows) {
                if (promote(s, row, digests.getOrDefault(row.id(), Optional.empty()), now)) {
                  changed++;
                }
              }
              return changed;
            });
    if (done > 0) {
      queue.offer(rows.get(0).environment(), rows.get(0).id());
    }
  }

  private static boolean promote(
      Session session, Execution row, Optional<String> digest, Instant now) {
    ExecutionChange change =
        ExecutionChange.of(row)
            .status(ExecutionStatus.QUEUED)
            .queuedAt(now)
            .waiting("It waits for a free slot.");
    digest.ifPresent(change::imageDigest);
    boolean done =
        session
            .executions()
            .update(
                change.at(now),
                Leases.fact(row, "Queued", now, Map.of("imageDigest", digest.orElse(""))));
    if (done) {
      Readiness.note(session, row);
    }
    return done;
  }

  private void pack(Batch batch) {
    Code code = batch.code().orElseThrow();
    if (!pauses.over(code)) {
      return;
    }
    Optional<String> missing = readiness.missing(code.store());
    if (missing.isPresent()) {
      pauses.shortly(code);
      explain(batch, missing.get());
      return;
    }
    List<KeyedPool.Limit> limits =
        List.of(
            new KeyedPool.Limit(code, 1),
            new KeyedPool.Limit(code.store(), PACKING_FOR_STORE),
            new KeyedPool.Limit(batch.project(), PACKING_FOR_PROJECT));
    if (packers.start(limits, () -> packed(batch, code))) {
      served.remove(batch.project());
      served.put(batch.project(), ++turn);
      if (served.size() > MOST_REMEMBERED) {
        served.remove(served.keySet().iterator().next());
      }
    }
  }

  private void packed(Batch batch, Code code) {
    try {
      Optional<DataStore> store =
          database.read(s -> s.dataStores().find(Leases.EVERYTHING, code.store()));
      if (store.isPresent()) {
        archives.ensure(code.commit(), store.get());
        pauses.none(code);
      } else {
        pauses.shortly(code);
      }
    } catch (StoreUnavailable e) {
      stepAside(batch, code, String.valueOf(e.getMessage()));
    } catch (SourceException e) {
      if (e.code() == SourceException.Code.UNAVAILABLE) {
        stepAside(batch, code, String.valueOf(e.getMessage()));
      } else {
        fail(batch, "The code of its commit cannot be packed: " + e.getMessage());
        pauses.none(code);
      }
    } catch (RuntimeException e) {
      pauses.longer(code);
      log.warn("code could not be packed, tried again commit={}", code.commit(), e);
    } finally {
      queue.wake();
    }
  }

  private void stepAside(Batch batch, Code code, String why) {
    pauses.longer(code);
    explain(batch, why);
  }

  private void explain(Batch batch, String why) {
    database.transact(s -> s.waiting().explain(batch, why, MOST_HELD));
  }

  private void fail(Batch batch, String detail) {
    Instant now = clock.instant();
    while (database.transact(s -> fail(s, batch, detail, now)) > 0) {
      log.info("executions failed, their code cannot be packed commit={}", batch.commit());
    }
  }

  private static int fail(Session session, Batch batch, String detail, Instant now) {
    int failed = 0;
    for (ExecutionId id : session.waiting().created(batch, MOST_AT_ONCE)) {
      Optional<Execution> row = session.executions().find(Leases.EVERYTHING, id);
      if (row.isPresent()
          && session
              .executions()
              .update(
                  ExecutionChange.of(row.get())
                      .status(ExecutionStatus.ERROR)
                      .reason(ReasonCode.INPUT)
                      .statusDetail(detail)
                      .endedAt(now)
                      .settledAt(now)
                      .at(now),
                  Leases.fact(row.get(), "Ended", now, Map.of("reason", "input")))) {
        failed++;
      }
    }
    return failed;
  }

  /** Without a container nobody asks a registry. */
  private static boolean needsRegistry(Session session, EnvironmentId id) {
    Optional<Environment> group = session.environments().find(Leases.EVERYTHING, id);
    if (group.isEmpty() || group.get().runtime() == Environment.Runtime.PROCESS) {
      return false;
    }
    List<Worker> workers = session.workers().list(Optional.of(id), MOST_WORKERS);
    return group.get().runtime() == Environment.Runtime.DOCKER
        || workers.isEmpty()
        || workers.stream().anyMatch(w -> w.runtimes().contains("docker"));
  }
}
