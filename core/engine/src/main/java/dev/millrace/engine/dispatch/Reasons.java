package dev.millrace.engine.dispatch;

import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.PluginInfo;
import dev.millrace.engine.domain.WantedNode;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.plugins.Plugins;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.WaitingStore.Kind;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the reason for which a queued execution waits true and readable: what is missing, who said
 * so and when, and whose move it is.
 */
@Component(service = Reasons.class, immediate = true)
public final class Reasons {
  private static final Logger log = LoggerFactory.getLogger(Reasons.class);
  private static final int LOOKED_AT = 500;

  private final Database database;
  private final Readiness readiness;
  private final Plugins plugins;
  private final Settings settings;
  private final Clock clock;
  private final Apart<EnvironmentId> groups = new Apart<>(log, "environment", System::nanoTime);

  @Activate
  public Reasons(
      @Reference Database database,
      @Reference Readiness readiness,
      @Reference Plugins plugins,
      @Reference Settings settings,
      @Reference Clock clock) {
    this.database = database;
    this.readiness = readiness;
    this.plugins = plugins;
    this.settings = settings;
    this.clock = clock;
  }

  /**
   * One pass over the groups that have something waiting. What is looked at are kinds of waiting
   * runs, so that it costs the same for ten as for ten thousand; written are changes, first come
   * first, so many in one pass.
   */
  public void tick() {
    for (EnvironmentId id : database.read(s -> s.environments().unfinished()).keySet()) {
      groups.run(id, () -> explain(id));
    }
  }

  private void explain(EnvironmentId id) {
    List<Kind> kinds = kinds(id);
    if (kinds.isEmpty()) {
      return;
    }
    General general = database.read(s -> general(s, id));
    for (Kind kind : kinds) {
      String reason =
          kind.storeSet().flatMap(readiness::missing).orElseGet(() -> general.words(kind));
      database.transact(s -> s.waiting().explain(id, kind, reason, LOOKED_AT));
    }
  }

  /** With the stores of rows that an older master queued. */
  private List<Kind> kinds(EnvironmentId id) {
    List<Kind> kinds = database.read(s -> s.waiting().kinds(id));
    if (kinds.stream().allMatch(kind -> kind.storeSet().isPresent())) {
      return kinds;
    }
    readiness.noteSome(id);
    return database.read(s -> s.waiting().kinds(id));
  }

  /** Why the group starts nothing more now, and whether its runs need an image. */
  private record General(String reason, boolean images) {
    String words(Kind kind) {
      return images && !kind.digest()
          ? reason
              + " No registry could be asked for the digest of its image; the worker will look for"
              + " it itself."
          : reason;
    }
  }

  private General general(Session session, EnvironmentId id) {
    Optional<Environment> found = session.environments().find(Leases.EVERYTHING, id);
    if (found.isEmpty()) {
      return new General(
          "Its environment does not exist any more; stop it and choose another.", false);
    }
    Environment group = found.get();
    List<Worker> workers = session.workers().list(Optional.of(id), LOOKED_AT);
    Instant silent = clock.instant().minus(settings.workerSilent());
    List<Worker> alive =
        workers.stream().filter(w -> w.lastSeenAt().isAfter(silent) && !w.draining()).toList();
    boolean images =
        group.runtime() == Environment.Runtime.DOCKER
            || alive.stream()
                .anyMatch(w -> Assignments.runtime(group, w).equals(Optional.of("docker")));
    return new General(reason(session, group, workers, alive), images);
  }

  private String reason(
      Session session, Environment group, List<Worker> workers, List<Worker> alive) {
    String environment = "environment " + group.name();
    if (!group.enabled()) {
      return "The " + environment + " is disabled; an administrator can enable it.";
    }
    String growth = growth(session, group).map(why -> "; " + why).orElse("");
    if (alive.isEmpty()) {
      return noWorker(group, workers, growth);
    }
    List<Worker> able =
        alive.stream().filter(w -> Assignments.runtime(group, w).isPresent()).toList();
    if (able.isEmpty()) {
      return "No worker of "
          + environment
          + " can run it: the environment asks for "
          + group.runtime().name().toLowerCase(Locale.ROOT)
          + "."
          + alive.stream()
              .flatMap(w -> w.trouble().map(said -> " " + w.name() + ": " + said).stream())
              .findFirst()
              .orElse("");
    }
    if (able.stream().allMatch(w -> w.paused().isPresent())) {
      Worker paused = able.get(0);
      return "No worker of "
          + environment
          + " takes runs now. "
          + paused.name()
          + ": "
          + paused.paused().orElse("");
    }
    long slots = able.stream().filter(w -> w.paused().isEmpty()).mapToInt(Worker::slots).sum();
    long running =
        session.executions().running(group.id()).values().stream().mapToLong(n -> n).sum();
    return running < slots
        ? "A worker of " + environment + " is about to take it."
        : "All " + slots + " slots of " + environment + " are busy" + growth + ".";
  }

  /** Why a group with a provider gets no further machines now; empty if it may or has none. */
  private Optional<String> growth(Session session, Environment group) {
    if (group.provider().isEmpty()) {
      return Optional.empty();
    }
    String provider = group.provider().get();
    if (plugins.compute(provider).isEmpty()) {
      return Optional.of(
          "its provider is missing ("
              + plugins.missing(PluginInfo.Kind.COMPUTE, provider).getMessage()
              + "): machines and runs that are there go on, new machines wait for it");
    }
    if (group.scaleMax() == 0) {
      return Optional.of("it may have no machines: its scale_max is 0");
    }
    List<WantedNode> nodes = session.nodes().list(Optional.of(group.id()), LOOKED_AT);
    Optional<String> said =
        nodes.stream()
            .filter(n -> n.state() != WantedNode.State.RELEASING)
            .map(WantedNode::detail)
            .filter(detail -> !detail.isBlank())
            .findFirst();
    return said.isPresent() || nodes.size() < group.scaleMax()
        ? said
        : Optional.of("it has all " + group.scaleMax() + " machines that it may have");
  }

  private String noWorker(Environment group, List<Worker> workers, String growth) {
    if (group.provider().isPresent()) {
      return "No machine of environment " + group.name() + " is ready yet" + growth + ".";
    }
    if (workers.isEmpty()) {
      return "No worker has joined environment " + group.name() + " yet.";
    }
    Instant silent = clock.instant().minus(settings.workerSilent());
    List<String> draining =
        workers.stream()
            .filter(w -> w.draining() && w.lastSeenAt().isAfter(silent))
            .map(Worker::name)
            .toList();
    return draining.isEmpty()
        ? "The workers of environment " + group.name() + " are silent; look at their machines."
        : "The workers of environment "
            + group.name()
            + " are draining and take no runs; an administrator can resume "
            + draining.get(0)
            + ".";
  }
}
