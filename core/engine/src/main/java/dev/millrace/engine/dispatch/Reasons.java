package dev.millrace.engine.dispatch;

import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.WantedNode;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Session;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Keeps the reason for which a queued execution waits true and readable. */
@Component(service = Reasons.class, immediate = true)
public final class Reasons {
  private static final int LOOKED_AT = 500;

  private final Database database;
  private final Readiness readiness;
  private final Settings settings;
  private final Clock clock;

  @Activate
  public Reasons(
      @Reference Database database,
      @Reference Readiness readiness,
      @Reference Settings settings,
      @Reference Clock clock) {
    this.database = database;
    this.readiness = readiness;
    this.settings = settings;
    this.clock = clock;
  }

  /** One pass over the groups that have something waiting. */
  public void tick() {
    Map<EnvironmentId, Long> busy = database.read(s -> s.environments().unfinished());
    for (EnvironmentId group : busy.keySet()) {
      List<Execution> queued = database.read(s -> s.executions().queued(group, LOOKED_AT));
      if (queued.isEmpty()) {
        continue;
      }
      String general = database.read(s -> reason(s, group));
      for (Execution execution : queued) {
        String reason = readiness.missing(execution).orElse(general);
        if (!execution.waiting().equals(Optional.of(reason))) {
          database.transact(
              s -> {
                s.executions().setWaiting(execution.id(), reason);
                return true;
              });
        }
      }
    }
  }

  private String reason(Session session, EnvironmentId id) {
    Optional<Environment> found = session.environments().find(Leases.EVERYTHING, id);
    if (found.isEmpty()) {
      return "Its environment does not exist any more; stop it and choose another.";
    }
    Environment group = found.get();
    if (!group.enabled()) {
      return "Environment " + group.name() + " is disabled; an administrator can enable it.";
    }
    List<Worker> workers = session.workers().list(Optional.of(id), LOOKED_AT);
    Instant silent = clock.instant().minus(settings.workerSilent());
    List<Worker> alive =
        workers.stream().filter(w -> w.lastSeenAt().isAfter(silent) && !w.draining()).toList();
    if (alive.isEmpty()) {
      return noWorker(session, group, !workers.isEmpty());
    }
    if (alive.stream().noneMatch(w -> Assignments.runtime(group, w).isPresent())) {
      return "No worker of environment "
          + group.name()
          + " can run it: the environment asks for "
          + group.runtime().name().toLowerCase(Locale.ROOT)
          + ".";
    }
    return "All slots of environment " + group.name() + " are busy.";
  }

  private static String noWorker(Session session, Environment group, boolean silent) {
    if (group.provider().isPresent()) {
      Optional<String> said =
          session.nodes().list(Optional.of(group.id()), LOOKED_AT).stream()
              .map(WantedNode::detail)
              .filter(detail -> !detail.isBlank())
              .findFirst();
      return "No machine of environment "
          + group.name()
          + " is ready yet"
          + said.map(text -> "; " + text).orElse("")
          + ".";
    }
    return silent
        ? "The workers of environment " + group.name() + " are silent; look at their machines."
        : "No worker has joined environment " + group.name() + " yet.";
  }
}
