package dev.millrace.engine.service;

import dev.millrace.engine.domain.Commit;
import dev.millrace.engine.domain.CommitId;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.Owner;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.Repository;
import dev.millrace.engine.domain.StopOrder;
import dev.millrace.engine.domain.StoreId;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Puts executions together with their surroundings, within one transaction; each surrounding row is
 * read once. The caller has made sure that the actor may see the execution.
 */
final class ExecutionViews {
  /** Pollers of the log get this much time to see its end before they are told that it ended. */
  private static final Duration TAIL = Duration.ofSeconds(2);

  private static final Duration POLLED = Duration.ofSeconds(10);
  private static final Scope ALL = new Scope.Everything();

  private final Session session;
  private final Instant now;
  private final Map<ProjectId, Project> projects = new HashMap<>();
  private final Map<EnvironmentId, Environment> environments = new HashMap<>();
  private final Map<CommitId, Commit> commits = new HashMap<>();
  private final Map<OwnerId, Owner> owners = new HashMap<>();
  private final Map<ProjectId, Optional<Integer>> repositories = new HashMap<>();
  private final Map<StoreId, Optional<DataStore>> stores = new HashMap<>();

  ExecutionViews(Session session, Clock clock) {
    this.session = session;
    this.now = clock.instant();
  }

  /** Without outputs and metadata. */
  ExecutionView summary(Execution execution) {
    Project project =
        cached(projects, execution.project(), id -> session.projects().find(ALL, id), "project");
    return new ExecutionView(
        execution,
        shown(execution),
        execution
            .startedAt()
            .map(start -> positive(Duration.between(start, execution.endedAt().orElse(now)))),
        project,
        owner(project.owner()),
        cached(
            environments,
            execution.environment(),
            id -> session.environments().find(ALL, id),
            "environment"),
        new CommitView(
            cached(
                commits,
                execution.spec().commit(),
                id -> session.commits().read(List.of(id)).rows().stream().findFirst(),
                "commit"),
            project,
            repositories.computeIfAbsent(
                project.id(), id -> session.projects().repository(id).map(Repository::id))),
        owner(execution.creator()));
  }

  /** With metadata where it is wanted; without outputs. */
  ExecutionView.Detail detail(Execution execution, boolean metadata) {
    return new ExecutionView.Detail(
        summary(execution),
        Listing.none(),
        metadata ? session.metadata().lastValues(execution.id()) : Map.of(),
        session.metadata().cut(execution.id()));
  }

  /** The aliases of those files. */
  static Map<DatumId, List<String>> aliases(Session session, List<Datum> data) {
    return session.aliases().namesOf(data.stream().map(Datum::id).toList());
  }

  Optional<DataStore> store(StoreId id) {
    return stores.computeIfAbsent(id, i -> session.dataStores().find(ALL, i));
  }

  /** A final status is shown when all that belongs to it can be read. */
  private ExecutionStatus shown(Execution execution) {
    if (!execution.status().terminal()) {
      return execution.status();
    }
    Optional<Instant> settled = execution.settledAt();
    boolean whole =
        settled.isPresent()
            && (!now.isBefore(settled.get().plus(TAIL))
                || session
                    .executions()
                    .lastPolled(execution.id())
                    .filter(polled -> polled.isAfter(now.minus(POLLED)))
                    .isEmpty());
    if (whole || execution.startedAt().isEmpty()) {
      return execution.status();
    }
    return execution.stop() == StopOrder.NONE ? ExecutionStatus.STARTED : ExecutionStatus.STOPPING;
  }

  private Owner owner(OwnerId id) {
    return cached(owners, id, i -> session.owners().find(i), "owner");
  }

  private static Duration positive(Duration duration) {
    return duration.isNegative() ? Duration.ZERO : duration;
  }

  private static <K, V> V cached(
      Map<K, V> cache, K id, Function<K, Optional<V>> find, String noun) {
    return cache.computeIfAbsent(
        id,
        i ->
            find.apply(i)
                .orElseThrow(() -> new IllegalStateException(noun + " " + i + " has no row")));
  }
}
