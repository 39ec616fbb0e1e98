package dev.millrace.engine.dispatch;

import dev.millrace.engine.artifacts.WorkerReleases;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.domain.WorkerId;
import dev.millrace.engine.queue.Queue;
import dev.millrace.engine.scheduler.Planner;
import dev.millrace.engine.scheduler.Planner.Waiting;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.WaitingStore.Head;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The long polls of workers that want work, and who gets which execution. A poll holds no thread,
 * and a claim does no more than put it down: the loop matches all polls of a group at once, and no
 * lock is held while it reads, writes or answers.
 */
@Component(service = Claims.class, immediate = true)
public final class Claims {
  private static final Logger log = LoggerFactory.getLogger(Claims.class);

  /** Heads of a line beyond those that there are workers for: some may go to another master. */
  private static final int SPARE = 8;

  private static final int MOST_OF_LINE = 500;
  private static final int MOST_HEADS = 2_000;
  private static final int MOST_BLOCKED = 500;

  private record Poll(
      Worker worker, long deadlineNanos, Consumer<Optional<Messages.Claimed>> answer) {}

  private record Line(List<Waiting> waiting, Map<OwnerId, Long> running) {}

  private final Database database;
  private final Leases leases;
  private final Readiness readiness;
  private final WorkerReleases releases;
  private final Queue queue;
  private final Settings settings;
  private final LongSupplier nanos;
  private final Apart<EnvironmentId> eachGroup;
  private final Apart<ExecutionId> eachHead;

  /** By worker, oldest first. Its lock is held for as long as it takes to look. */
  private final Map<WorkerId, Poll> polls = new LinkedHashMap<>();

  @Activate
  public Claims(
      @Reference Database database,
      @Reference Leases leases,
      @Reference Readiness readiness,
      @Reference WorkerReleases releases,
      @Reference Queue queue,
      @Reference Settings settings) {
    this(database, leases, readiness, releases, queue, settings, System::nanoTime);
  }

  Claims(
      Database database,
      Leases leases,
      Readiness readiness,
      WorkerReleases releases,
      Queue queue,
      Settings settings,
      LongSupplier nanos) {
    this.database = database;
    this.leases = leases;
    this.readiness = readiness;
    this.releases = releases;
    this.queue = queue;
    this.settings = settings;
    this.nanos = nanos;
    this.eachGroup = new Apart<>(log, "environment", nanos);
    this.eachHead = new Apart<>(log, "execution", nanos);
  }

  /**
   * Answers with an offer as soon as there is one for this worker, or with nothing after the poll
   * time. A worker has one poll: a newer one ends the older with nothing. The answer is called on
   * another thread.
   */
  public void claim(Worker worker, int freeSlots, Consumer<Optional<Messages.Claimed>> answer) {
    if (freeSlots < 1) {
      throw Refused.invalid("freeSlots must be 1 or more: claim only with a free slot.");
    }
    Poll poll = new Poll(worker, nanos.getAsLong() + settings.poll().toNanos(), answer);
    Poll older;
    synchronized (polls) {
      older = polls.remove(worker.id());
      polls.put(worker.id(), poll);
    }
    if (older != null) {
      older.answer().accept(Optional.empty());
    }
    queue.wanted(worker.group());
  }

  /**
   * Ends what waited too long and hands out what there is. The loop calls it after each hint; only
   * one thread does.
   */
  public void tick() {
    long now = nanos.getAsLong();
    Map<EnvironmentId, List<Poll>> groups = new LinkedHashMap<>();
    for (Poll poll : waiting()) {
      if (poll.deadlineNanos() - now <= 0) {
        giveUp(poll);
      } else {
        groups.computeIfAbsent(poll.worker().group(), g -> new ArrayList<>()).add(poll);
      }
    }
    groups.forEach((id, all) -> eachGroup.run(id, () -> match(id, all)));
  }

  @Deactivate
  void close() {
    waiting().forEach(this::giveUp);
  }

  private List<Poll> waiting() {
    synchronized (polls) {
      return new ArrayList<>(polls.values());
    }
  }

  private void giveUp(Poll poll) {
    if (take(poll)) {
      poll.answer().accept(Optional.empty());
    }
  }

  /** Makes this thread the only one that answers the poll; false if another did. */
  private boolean take(Poll poll) {
    synchronized (polls) {
      return polls.remove(poll.worker().id(), poll);
    }
  }

  private void putBack(Poll poll) {
    Poll newer;
    synchronized (polls) {
      newer = polls.putIfAbsent(poll.worker().id(), poll);
    }
    if (newer != null) {
      poll.answer().accept(Optional.empty());
    }
  }

  private void match(EnvironmentId id, List<Poll> all) {
    Optional<Environment> group =
        database
            .read(s -> s.environments().find(Leases.EVERYTHING, id))
            .filter(Environment::enabled);
    if (group.isEmpty()) {
      return;
    }
    List<Poll> able = new ArrayList<>();
    all.stream()
        .filter(p -> Assignments.runtime(group.get(), p.worker()).isPresent())
        .forEach(able::add);
    if (able.isEmpty()) {
      return;
    }
    Line line = line(id, able.size());
    for (Waiting next : Planner.order(line.waiting(), line.running())) {
      if (able.isEmpty()) {
        return;
      }
      eachHead.run(next.id(), () -> offer(next.id(), able));
    }
  }

  /** The heads of the lines whose stores are there. */
  private Line line(EnvironmentId id, int wanted) {
    int ofEach = Math.min(MOST_OF_LINE, wanted + SPARE);
    Set<String> blocked = new HashSet<>();
    boolean noted = false;
    while (true) {
      List<Head> heads = database.read(s -> s.waiting().heads(id, blocked, ofEach, MOST_HEADS));
      if (!noted && heads.stream().anyMatch(head -> head.storeSet().isEmpty())) {
        // An older master queued them, and they hide each other as one line.
        noted = true;
        readiness.noteSome(id);
        continue;
      }
      List<Waiting> ready = new ArrayList<>();
      boolean more = false;
      for (Head head : heads) {
        if (head.storeSet().isEmpty()) {
          continue;
        }
        String set = head.storeSet().get();
        if (readiness.missing(set).isEmpty()) {
          ready.add(new Waiting(head.id(), head.priority(), head.creator(), head.queuedAt()));
        } else {
          more |= blocked.size() < MOST_BLOCKED && blocked.add(set);
        }
      }
      // Lines that cannot move must not fill what one look shows.
      if (!more || heads.size() < MOST_HEADS) {
        return new Line(
            ready, ready.isEmpty() ? Map.of() : database.read(s -> s.executions().running(id)));
      }
    }
  }

  private void offer(ExecutionId id, List<Poll> able) {
    Optional<Execution> execution = database.read(s -> s.executions().find(Leases.EVERYTHING, id));
    if (execution.isEmpty() || !waits(execution.get())) {
      return;
    }
    for (Poll poll : List.copyOf(able)) {
      if (!take(poll)) {
        able.remove(poll);
        continue;
      }
      Optional<Secret> token = Optional.empty();
      try {
        token = leases.offer(execution.get(), poll.worker());
      } finally {
        if (token.isEmpty()) {
          putBack(poll);
        }
      }
      if (token.isPresent()) {
        able.remove(poll);
        answer(poll, id, token.get());
        return;
      }
      if (database
          .read(s -> s.executions().find(Leases.EVERYTHING, id))
          .filter(Claims::waits)
          .isEmpty()) {
        return;
      }
      // Its worker takes no more: the next head would find the same.
      able.remove(poll);
    }
  }

  private static boolean waits(Execution execution) {
    return execution.status() == ExecutionStatus.QUEUED
        && execution.lease().isEmpty()
        && execution.deletedAt().isEmpty();
  }

  private void answer(Poll poll, ExecutionId id, Secret token) {
    Worker worker = poll.worker();
    log.info("execution offered execution={} worker={}", id, worker.id());
    poll.answer()
        .accept(
            Optional.of(
                new Messages.Claimed(
                    new Messages.Offer(id.toString(), token.reveal(), settings.offer().toSeconds()),
                    Messages.Release.of(
                        releases.wantedInsteadOf(worker.release(), worker.os(), worker.arch())))));
  }
}
