package dev.millrace.engine.service;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.domain.WorkerId;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Rows;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.Slice;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * The machines that joined, for administrators of the installation and of the organisation that a
 * worker's environment belongs to. To others there are none.
 */
@Component(service = Workers.class)
public final class Workers {
  private static final int MOST = 10_000;
  private static final int TRIES = 5;

  private final Database database;
  private final Access access;
  private final Audit audit;
  private final Settings settings;
  private final Clock clock;

  @Activate
  public Workers(
      @Reference Database database,
      @Reference Access access,
      @Reference Audit audit,
      @Reference Settings settings,
      @Reference Clock clock) {
    this.database = database;
    this.access = access;
    this.audit = audit;
    this.settings = settings;
    this.clock = clock;
  }

  /** Whether a worker takes runs, and why not. */
  public enum State {
    READY,
    SILENT,
    DRAINING,
    PAUSED
  }

  /**
   * A worker as people see it.
   *
   * @param runs executions that it runs or whose outputs it still uploads
   */
  public record View(Worker worker, Environment environment, State state, int runs) {}

  /** Workers that were not removed, oldest first; {@code environment} (id or slug) narrows. */
  public Rows<View> list(Actor actor, Optional<String> environment, Slice slice) {
    return database.list(
        session -> {
          Optional<Environment> group =
              environment.map(name -> Environments.visible(session, access, actor, name));
          Map<EnvironmentId, Boolean> administered = new HashMap<>();
          List<Worker> all =
              session.workers().list(group.map(Environment::id), MOST).stream()
                  .filter(
                      worker ->
                          administered.computeIfAbsent(
                              worker.group(), id -> administers(session, actor, id)))
                  .toList();
          int from = Math.min(slice.offset(), all.size());
          int to = Math.min(all.size(), from + slice.limit());
          // The runs are counted of those that are shown only.
          List<View> shown =
              all.subList(from, to).stream()
                  .flatMap(worker -> view(session, actor, worker).stream())
                  .toList();
          return new Rows<>(shown, all.size());
        });
  }

  /** One worker; throws {@link NotFound} where the actor administers no such. */
  public View find(Actor actor, WorkerId id) {
    return database.read(session -> known(session, actor, id));
  }

  /** Has a worker take no more runs, those that it has go on; or take runs again. */
  public View drain(Actor actor, WorkerId id, boolean drains) {
    return change(
        actor,
        id,
        "worker.update",
        view -> view.worker().withDraining(drains),
        Map.of("draining", drains));
  }

  /**
   * Removes a worker: its credential is refused from now on. Throws {@link Conflict} while it has
   * runs, unless {@code force}: then they end as lost once its silence has lasted long enough.
   */
  public void remove(Actor actor, WorkerId id, boolean force) {
    Instant now = clock.instant();
    change(
        actor,
        id,
        "worker.delete",
        view -> {
          if (view.runs() > 0 && !force) {
            throw new Conflict(
                "worker_busy",
                "The worker has "
                    + view.runs()
                    + " runs; drain it and wait, or remove it by force, which ends them as lost");
          }
          return view.worker().removed(now);
        },
        Map.of("removed", true));
  }

  private View change(
      Actor actor, WorkerId id, String action, Change change, Map<String, Object> after) {
    for (int i = 0; i < TRIES; i++) {
      Optional<View> done =
          database.transact(
              session -> {
                View view = known(session, actor, id);
                if (!session.workers().update(change.apply(view))) {
                  return Optional.<View>empty();
                }
                audit.record(
                    session,
                    actor,
                    action,
                    "worker:" + id,
                    Map.of("name", view.worker().name(), "draining", view.worker().draining()),
                    after);
                return session.workers().find(id).map(w -> view(session, view.environment(), w));
              });
      if (done.isPresent()) {
        return done.get();
      }
    }
    throw new Conflict("worker_changed", "The worker is changing; try again");
  }

  private interface Change {
    Worker apply(View view);
  }

  private View known(Session session, Actor actor, WorkerId id) {
    return session
        .workers()
        .find(id)
        .filter(worker -> worker.removedAt().isEmpty())
        .flatMap(worker -> view(session, actor, worker))
        .orElseThrow(() -> new NotFound("Worker"));
  }

  /** Empty where the actor does not administer the worker's environment. */
  private Optional<View> view(Session session, Actor actor, Worker worker) {
    return session
        .environments()
        .find(new Scope.Everything(), worker.group())
        .filter(group -> administers(session, actor, group))
        .map(group -> view(session, group, worker));
  }

  private boolean administers(Session session, Actor actor, EnvironmentId group) {
    return session
        .environments()
        .find(new Scope.Everything(), group)
        .filter(found -> administers(session, actor, found))
        .isPresent();
  }

  private boolean administers(Session session, Actor actor, Environment group) {
    if (access.administersInstallation(actor)) {
      return true;
    }
    if (group.owner().isEmpty()) {
      return false;
    }
    try {
      access.requireAdministration(session, actor, group.owner().get());
      return true;
    } catch (Denied e) {
      return false;
    }
  }

  private View view(Session session, Environment group, Worker worker) {
    List<Execution> runs = session.executions().leasedTo(worker.id());
    return new View(worker, group, state(worker), runs.size());
  }

  private State state(Worker worker) {
    if (worker.lastSeenAt().isBefore(clock.instant().minus(settings.workerSilent()))) {
      return State.SILENT;
    }
    if (worker.draining()) {
      return State.DRAINING;
    }
    return worker.paused().isPresent() ? State.PAUSED : State.READY;
  }
}
