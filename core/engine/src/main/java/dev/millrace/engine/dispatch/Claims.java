package dev.millrace.engine.dispatch;

import dev.millrace.engine.artifacts.WorkerReleases;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.domain.WorkerId;
import dev.millrace.engine.scheduler.Planner;
import dev.millrace.engine.scheduler.Planner.Waiting;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Session;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The long polls of workers that want work, and who gets which execution. A poll holds no thread:
 * it is answered when there is an offer for it, or when its time is over.
 */
@Component(service = Claims.class, immediate = true)
public final class Claims {
  private static final Logger log = LoggerFactory.getLogger(Claims.class);
  private static final int LOOKED_AT = 500;

  private record Poll(
      Worker worker, long deadlineNanos, Consumer<Optional<Messages.Claimed>> answer) {}

  private record Group(
      Environment environment, List<Execution> queued, Map<OwnerId, Long> running) {}

  private final Database database;
  private final Leases leases;
  private final Readiness readiness;
  private final WorkerReleases releases;
  private final Settings settings;
  private final Map<WorkerId, Poll> polls = new LinkedHashMap<>();

  @Activate
  public Claims(
      @Reference Database database,
      @Reference Leases leases,
      @Reference Readiness readiness,
      @Reference WorkerReleases releases,
      @Reference Settings settings) {
    this.database = database;
    this.leases = leases;
    this.readiness = readiness;
    this.releases = releases;
    this.settings = settings;
  }

  /**
   * Answers with an offer as soon as there is one for this worker, or with nothing after the poll
   * time. A worker has one poll: a newer one ends the older with nothing. The answer may be called
   * on any thread, also before this method returns.
   */
  public void claim(Worker worker, int freeSlots, Consumer<Optional<Messages.Claimed>> answer) {
    if (freeSlots < 1) {
      throw Refused.invalid("freeSlots must be 1 or more: claim only with a free slot.");
    }
    long deadline = System.nanoTime() + settings.poll().toNanos();
    synchronized (this) {
      Poll older = polls.remove(worker.id());
      polls.put(worker.id(), new Poll(worker, deadline, answer));
      if (older != null) {
        older.answer().accept(Optional.empty());
      }
      match(worker.group());
    }
  }

  /** Ends what waited too long and hands out what there is. The loop calls it after each hint. */
  public synchronized void tick() {
    long now = System.nanoTime();
    List<Poll> over = polls.values().stream().filter(p -> p.deadlineNanos() - now <= 0).toList();
    over.forEach(this::giveUp);
    Set<EnvironmentId> groups = new LinkedHashSet<>();
    polls.values().forEach(p -> groups.add(p.worker().group()));
    groups.forEach(this::match);
  }

  @Deactivate
  synchronized void close() {
    new ArrayList<>(polls.values()).forEach(this::giveUp);
  }

  private void giveUp(Poll poll) {
    polls.remove(poll.worker().id());
    poll.answer().accept(Optional.empty());
  }

  private void match(EnvironmentId id) {
    Optional<Group> found = database.read(s -> group(s, id));
    if (found.isEmpty()) {
      return;
    }
    Group group = found.get();
    Map<ExecutionId, Execution> byId = new HashMap<>();
    List<Waiting> waiting = new ArrayList<>();
    for (Execution execution : group.queued()) {
      byId.put(execution.id(), execution);
      waiting.add(
          new Waiting(
              execution.id(),
              execution.priority(),
              execution.creator(),
              execution.queuedAt().orElse(execution.createdAt())));
    }
    for (Waiting next : Planner.order(waiting, group.running())) {
      List<Poll> able =
          polls.values().stream()
              .filter(p -> p.worker().group().equals(id))
              .filter(p -> Assignments.runtime(group.environment(), p.worker()).isPresent())
              .toList();
      if (able.isEmpty()) {
        return;
      }
      Execution execution = byId.get(next.id());
      if (execution != null && readiness.missing(execution).isEmpty()) {
        offer(execution, able);
      }
    }
  }

  private Optional<Group> group(Session session, EnvironmentId id) {
    return session
        .environments()
        .find(Leases.EVERYTHING, id)
        .filter(Environment::enabled)
        .map(
            environment ->
                new Group(
                    environment,
                    session.executions().queued(id, LOOKED_AT),
                    session.executions().running(id)))
        .filter(group -> !group.queued().isEmpty());
  }

  private void offer(Execution execution, List<Poll> able) {
    for (Poll poll : able) {
      Optional<Secret> token = leases.offer(execution, poll.worker());
      if (token.isPresent()) {
        polls.remove(poll.worker().id());
        Duration accept = settings.offer();
        log.info("execution offered execution={} worker={}", execution.id(), poll.worker().id());
        poll.answer()
            .accept(
                Optional.of(
                    new Messages.Claimed(
                        new Messages.Offer(
                            execution.id().toString(), token.get().reveal(), accept.toSeconds()),
                        Messages.Release.of(
                            releases.wantedInsteadOf(
                                poll.worker().release(),
                                poll.worker().os(),
                                poll.worker().arch())))));
        return;
      }
    }
  }
}
