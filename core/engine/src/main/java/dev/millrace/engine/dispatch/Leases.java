package dev.millrace.engine.dispatch;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.engine.artifacts.WorkerReleases;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionChange;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.Fact;
import dev.millrace.engine.domain.Lease;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.domain.StopOrder;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.keys.InstallationKey;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whose an execution is: offers become leases, leases are kept by beats. The lease token is a
 * function of the offer token, so that accepting twice gives the same answer.
 */
@Component(service = Leases.class, immediate = true)
public final class Leases {
  private static final Logger log = LoggerFactory.getLogger(Leases.class);
  private static final int MAX_RUNS = 4096;
  private static final int MOST_WORDS = 500;
  private static final int ATTEMPTS = 20;
  static final Scope EVERYTHING = new Scope.Everything();

  private final Database database;
  private final InstallationKey key;
  private final Assignments assignments;
  private final WorkerReleases releases;
  private final Clock clock;

  @Activate
  public Leases(
      @Reference Database database,
      @Reference InstallationKey key,
      @Reference Assignments assignments,
      @Reference WorkerReleases releases,
      @Reference Clock clock) {
    this.database = database;
    this.key = key;
    this.assignments = assignments;
    this.releases = releases;
    this.clock = clock;
  }

  /**
   * Keeps a waiting execution for the worker: the offer's token, or empty if the row has changed
   * since it was read, or the worker takes no more.
   */
  Optional<Secret> offer(Execution waiting, Worker worker) {
    Secret token = key.newToken();
    Lease lease = new Lease(worker.id(), Lease.State.OFFERED, InstallationKey.hash(token));
    Instant now = clock.instant();
    boolean done =
        database.transact(
            s -> {
              boolean takes =
                  s.workers()
                      .find(worker.id())
                      .filter(w -> w.removedAt().isEmpty() && !w.draining())
                      .isPresent();
              return takes
                  && s.executions()
                      .update(
                          ExecutionChange.of(waiting).lease(lease).at(now),
                          fact(waiting, "Offered", now, Map.of("worker", worker.name())));
            });
    return done ? Optional.of(token) : Optional.empty();
  }

  /** Takes back an offer that was not accepted in time; false if it was. */
  boolean expire(Execution offered) {
    Instant now = clock.instant();
    return database.transact(
        s ->
            s.executions()
                .update(
                    ExecutionChange.of(offered).withoutLease().at(now),
                    fact(offered, "OfferExpired", now, Map.of())));
  }

  /**
   * Makes an offer a lease and the execution {@code started}; answers with the assignment. The same
   * token again gives the same answer while the lease lives.
   */
  public JsonNode accept(Worker worker, ExecutionId id, String token) {
    Secret offer = Secret.of(token);
    Secret leaseToken = Secret.of(key.sign("lease v1", id + "\n" + token));
    Execution execution =
        database
            .read(s -> s.executions().find(EVERYTHING, id))
            .filter(e -> offeredOrHeld(e, worker, offer, leaseToken))
            .orElseThrow(Refused::offerGone);
    JsonNode assignment = assignments.build(worker, execution, leaseToken);
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Outcome outcome = database.transact(s -> accept(s, worker, id, offer, leaseToken));
      if (outcome == Outcome.STARTED) {
        log.info("execution started execution={} worker={}", id, worker.id());
      }
      if (outcome != Outcome.RACED) {
        return assignment;
      }
    }
    throw new Refused(503, "busy", "The execution is being changed by others. Try again.");
  }

  private enum Outcome {
    STARTED,
    HELD,
    RACED
  }

  private Outcome accept(
      Session session, Worker worker, ExecutionId id, Secret offer, Secret leaseToken) {
    Lease held = new Lease(worker.id(), Lease.State.HELD, InstallationKey.hash(leaseToken));
    Instant now = clock.instant();
    Execution row =
        session
            .executions()
            .find(EVERYTHING, id)
            .filter(e -> offeredOrHeld(e, worker, offer, leaseToken))
            .orElseThrow(Refused::offerGone);
    if (row.lease().map(Lease::state).orElseThrow() == Lease.State.HELD) {
      return Outcome.HELD;
    }
    Execution started =
        ExecutionChange.of(row)
            .status(ExecutionStatus.STARTED)
            .lease(held)
            .startedAt(now)
            .notWaiting()
            .at(now);
    if (!session
        .executions()
        .update(started, fact(row, "Started", now, Map.of("worker", worker.name())))) {
      // Perhaps the same accept, sent twice: what the row says now decides.
      return Outcome.RACED;
    }
    session.executions().beat(id, held.tokenHash());
    return Outcome.STARTED;
  }

  /** Raises the beats of worker and leases, and says what to do with each run. */
  public Messages.Orders beat(Worker worker, Messages.Beat beat) {
    List<Messages.RunBeat> runs = beat.runs() == null ? List.of() : beat.runs();
    if (runs.size() > MAX_RUNS) {
      throw Refused.invalid("runs has at most " + MAX_RUNS + " entries.");
    }
    Instant now = clock.instant();
    String release = beat.release() == null ? worker.release() : Registrations.some(beat.release());
    Messages.Release wanted =
        Messages.Release.of(releases.wantedInsteadOf(release, worker.os(), worker.arch()));
    return database.transact(
        s -> {
          s.workers().beat(worker.id(), now);
          List<Messages.RunOrder> orders = new ArrayList<>(runs.size());
          for (Messages.RunBeat run : runs) {
            orders.add(new Messages.RunOrder(run.executionId(), order(s, worker, run)));
          }
          Optional<Worker> known = s.workers().find(worker.id());
          known.ifPresent(w -> reported(s, w, release, beat));
          boolean draining = known.map(Worker::draining).orElse(true);
          return new Messages.Orders(orders, draining, wanted);
        });
  }

  /** Keeps what the worker says of itself: an engine may come or go while it is registered. */
  private static void reported(Session session, Worker worker, String release, Messages.Beat beat) {
    Worker now =
        worker.reporting(
            release,
            beat.runtimes() == null ? worker.runtimes() : Registrations.list(beat.runtimes()),
            words(beat.paused()),
            words(beat.trouble()));
    if (!now.equals(worker) && session.workers().update(now)) {
      log.info(
          "worker reports worker={} release={} runtimes={} paused={} trouble={}",
          worker.id(),
          now.release(),
          now.runtimes(),
          now.paused().orElse(""),
          now.trouble().orElse(""));
    }
  }

  private static Optional<String> words(@Nullable String said) {
    String text = said == null ? "" : said.replaceAll("\\p{Cntrl}+", " ").strip();
    return text.isEmpty()
        ? Optional.empty()
        : Optional.of(text.substring(0, Math.min(text.length(), MOST_WORDS)));
  }

  /** Fresh requests for what the assignment named, when they have expired. */
  public Messages.TransfersGiven transfers(
      Worker worker, ExecutionId id, @Nullable String lease, Messages.TransfersWanted wanted) {
    return assignments.again(held(worker, id, lease), wanted);
  }

  /**
   * The execution, if the worker holds it with that lease token; throws {@link Refused} 410 if the
   * token is stale.
   */
  Execution held(Session session, Worker worker, ExecutionId id, @Nullable String lease) {
    return session
        .executions()
        .find(EVERYTHING, id)
        .filter(e -> lease != null && holds(e, worker, Secret.of(lease)))
        .orElseThrow(Refused::leaseGone);
  }

  /** Like {@link #held}, in a transaction of its own. */
  Execution held(Worker worker, ExecutionId id, @Nullable String lease) {
    return database.read(s -> held(s, worker, id, lease));
  }

  private String order(Session session, Worker worker, Messages.RunBeat run) {
    Optional<Execution> found =
        id(run.executionId()).flatMap(id -> session.executions().find(EVERYTHING, id));
    if (found.isEmpty() || found.get().deletedAt().isPresent()) {
      return "abandon";
    }
    Execution execution = found.get();
    if (execution.log().isPresent()) {
      return "sealed";
    }
    if (run.lease() == null || !holds(execution, worker, Secret.of(run.lease()))) {
      return "abandon";
    }
    session.executions().beat(execution.id(), InstallationKey.hash(Secret.of(run.lease())));
    // After the end a stop is for what is left to do: outputs that wait do so no longer.
    if (execution.settledAt().isPresent() || execution.stop() == StopOrder.NONE) {
      return "continue";
    }
    return execution.stop() == StopOrder.KILL ? "kill" : "stop";
  }

  private static Optional<ExecutionId> id(@Nullable String text) {
    try {
      return text == null ? Optional.empty() : Optional.of(ExecutionId.parse(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static boolean holds(Execution execution, Worker worker, Secret lease) {
    return execution.deletedAt().isEmpty()
        && is(execution, worker, Lease.State.HELD, InstallationKey.hash(lease));
  }

  private static boolean offeredOrHeld(
      Execution execution, Worker worker, Secret offer, Secret lease) {
    if (execution.status().terminal() || execution.deletedAt().isPresent()) {
      return false;
    }
    return is(execution, worker, Lease.State.OFFERED, InstallationKey.hash(offer))
        || is(execution, worker, Lease.State.HELD, InstallationKey.hash(lease));
  }

  private static boolean is(Execution execution, Worker worker, Lease.State state, String hash) {
    return execution
        .lease()
        .filter(l -> l.worker().equals(worker.id()) && l.state() == state)
        .filter(l -> l.tokenHash().equals(hash))
        .isPresent();
  }

  /** The fact that belongs to the next version of the row. */
  static Fact fact(Execution execution, String kind, Instant at, Map<String, ?> data) {
    return new Fact(
        execution.id(), execution.version() + 1, kind, at, Wire.text(data), Optional.empty());
  }
}
