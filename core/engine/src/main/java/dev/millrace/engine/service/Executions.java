package dev.millrace.engine.service;

import dev.millrace.engine.artifacts.StoreUnavailable;
import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.Fact;
import dev.millrace.engine.domain.MetadataLine;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.logs.LogReader;
import dev.millrace.engine.logs.LogStream;
import dev.millrace.engine.queue.Queue;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.ExecutionFilter;
import dev.millrace.engine.store.Keys;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.Slice;
import dev.millrace.engine.store.Stretch;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * What users do with executions that exist. An execution is named by its id, by {@code
 * {project}:{counter}} or by {@code {project}:latest}; {@link NotFound} where the actor may not see
 * it.
 */
@Component(service = Executions.class)
public final class Executions {
  private static final int ATTEMPTS = 10;
  private static final int MAX_TAGS = 100;

  private final Database database;
  private final Access access;
  private final Audit audit;
  private final LogReader logs;
  private final Queue queue;
  private final Clock clock;

  @Activate
  public Executions(
      @Reference Database database,
      @Reference Access access,
      @Reference Audit audit,
      @Reference LogReader logs,
      @Reference Queue queue,
      @Reference Clock clock) {
    this.database = database;
    this.access = access;
    this.audit = audit;
    this.logs = logs;
    this.queue = queue;
    this.clock = clock;
  }

  /** Those of the filter that the actor may see. */
  public Listing<ExecutionView> list(Actor actor, ExecutionFilter filter, Slice slice) {
    Keys<ExecutionId> keys =
        database.list(
            session -> session.executions().keys(access.scopeOf(session, actor), filter, slice));
    return Listing.of(
        slice,
        keys,
        some ->
            database.list(
                session ->
                    session
                        .executions()
                        .read(some)
                        .map(new ExecutionViews(session, clock)::summary)));
  }

  /** One execution, with outputs and last metadata values where they are wanted. */
  public ExecutionView.Detail find(Actor actor, String name, boolean outputs, boolean metadata) {
    ExecutionView.Detail detail =
        database.read(
            session ->
                new ExecutionViews(session, clock)
                    .detail(execution(session, actor, name), metadata));
    return outputs
        ? detail.with(new DatumLists(database, clock).outputs(detail.view().execution()))
        : detail;
  }

  /** What is shown of an execution in a table of many. */
  public ExecutionView.Brief brief(Actor actor, String name) {
    return database.list(session -> ExecutionView.Brief.of(execution(session, actor, name)));
  }

  /** What the execution has put out so far, oldest first. */
  public Listing<DatumView> outputs(Actor actor, String name) {
    return new DatumLists(database, clock)
        .outputs(database.read(session -> execution(session, actor, name)));
  }

  /**
   * What the run printed as JSON objects, in order: at most {@code limit} lines after the first
   * {@code offset}. Only a stretch of them is ever in memory, so there may be any number.
   */
  public Listing<MetadataLine> metadata(Actor actor, String name, int offset, int limit) {
    ExecutionId id = database.list(session -> execution(session, actor, name).id());
    long total = database.list(session -> session.metadata().count(id));
    int size = (int) Math.max(0, Math.min(total - offset, limit));
    return new Listing<>(
        new Slice(offset, limit),
        total,
        size,
        from -> {
          Database.Work<Stretch<MetadataLine>> work =
              session -> {
                List<MetadataLine> lines = session.metadata().from(id, (long) offset + from);
                int some = Math.min(lines.size(), size - from);
                return new Stretch<>(lines.subList(0, some), some);
              };
          return from == 0 ? database.list(work) : database.listOn(work);
        });
  }

  /** What happened to the execution, oldest first. */
  public List<Fact> facts(Actor actor, String name, int limit) {
    return database.read(
        session -> session.facts().of(execution(session, actor, name).id(), limit));
  }

  /**
   * The last {@code limit} lines of the log, all for 0.
   *
   * @throws Unavailable if the log is in a store that is not there just now
   */
  public LogPage events(Actor actor, String name, int limit) {
    Execution execution = database.read(session -> execution(session, actor, name));
    if (execution.settledAt().isEmpty()) {
      // Whoever follows the log gets a moment to see its end before the final status shows.
      database.transact(
          session -> {
            session.executions().polled(execution.id(), clock.instant());
            return true;
          });
    }
    return open(execution, limit, Set.of(LogStream.values()));
  }

  /** All lines that worker and master said of the run, oldest first. */
  public LogPage statusEvents(Actor actor, String name) {
    Execution execution = database.read(session -> execution(session, actor, name));
    return open(execution, 0, Set.of(LogStream.STATUS));
  }

  /**
   * Asks for the end of the execution. One that nobody has started is stopped at once, a running
   * one when its processes have gone, and asking again skips the wait. An ended one stays as it is.
   */
  public ExecutionView stop(Actor actor, String name) {
    ExecutionView stopped =
        change(
            actor,
            name,
            "execution.stop",
            execution -> ExecutionChanges.stop(execution, clock.instant()));
    // So that its worker is woken at once.
    queue.offer(stopped.execution().environment(), stopped.execution().id());
    return stopped;
  }

  /** Hides an ended execution from lists. Throws {@link Conflict} if it has not ended. */
  public ExecutionView delete(Actor actor, String name) {
    return change(
        actor,
        name,
        "execution.delete",
        execution -> ExecutionChanges.delete(execution, clock.instant()));
  }

  /** Adds tags; those that it has already stay. */
  public ExecutionView tag(Actor actor, String name, List<String> tags) {
    Problems problems = new Problems();
    tags.forEach(tag -> Submissions.checkTag(tag, problems));
    problems.throwIfAny();
    return change(
        actor,
        name,
        "execution.tag",
        execution -> {
          Optional<ExecutionChanges.Change> change =
              ExecutionChanges.tag(execution, tags, clock.instant());
          new Problems()
              .check(
                  change.map(c -> c.after().tags().size()).orElse(0) <= MAX_TAGS,
                  "tags",
                  "At most " + MAX_TAGS + " tags are allowed",
                  "max_items")
              .throwIfAny();
          return change;
        });
  }

  private ExecutionView change(
      Actor actor,
      String name,
      String action,
      Function<Execution, Optional<ExecutionChanges.Change>> decide) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Optional<ExecutionView> done =
          database.transact(session -> attempt(session, actor, name, action, decide));
      if (done.isPresent()) {
        return done.get();
      }
    }
    throw Conflict.changedMeanwhile();
  }

  /** Empty if the row changed meanwhile. */
  private Optional<ExecutionView> attempt(
      Session session,
      Actor actor,
      String name,
      String action,
      Function<Execution, Optional<ExecutionChanges.Change>> decide) {
    Execution before = execution(session, actor, name);
    Project project =
        session
            .projects()
            .find(new Scope.Everything(), before.project())
            .orElseThrow(() -> new NotFound("Execution"));
    access.requireWrite(session, actor, project);
    Optional<ExecutionChanges.Change> change = decide.apply(before);
    if (change.isEmpty()) {
      return Optional.of(new ExecutionViews(session, clock).summary(before));
    }
    Execution after = change.get().after();
    Instant now = after.modifiedAt();
    Fact fact =
        new Fact(
            before.id(), before.version() + 1, change.get().fact(), now, "{}", Optional.empty());
    if (!session.executions().update(after, fact)) {
      return Optional.empty();
    }
    audit.record(
        session,
        actor,
        action,
        "execution:" + before.id(),
        Map.of("status", before.status().word(), "tags", before.tags()),
        Map.of("status", after.status().word(), "tags", after.tags(), "fact", fact.kind()));
    return Optional.of(new ExecutionViews(session, clock).summary(after));
  }

  private LogPage open(Execution execution, int limit, Set<LogStream> streams) {
    try {
      return new LogPage(logs.open(execution, limit, streams));
    } catch (StoreUnavailable e) {
      throw Refusal.of(e);
    }
  }

  private Execution execution(Session session, Actor actor, String name) {
    return visible(session, access, actor, name);
  }

  /** Throws {@link NotFound} where the actor may not see it. */
  static Execution visible(Session session, Access access, Actor actor, String name) {
    Scope scope = access.scopeOf(session, actor);
    return find(session, scope, name)
        .filter(e -> e.deletedAt().isEmpty() || !name.contains(":"))
        .orElseThrow(() -> new NotFound("Execution"));
  }

  private static Optional<Execution> find(Session session, Scope scope, String name) {
    int colon = name.indexOf(':');
    try {
      if (colon < 0) {
        return session.executions().find(scope, ExecutionId.parse(name));
      }
      ProjectId project = ProjectId.parse(name.substring(0, colon));
      String counter = name.substring(colon + 1);
      return counter.equals("latest")
          ? session.executions().latest(scope, project)
          : session.executions().byCounter(scope, project, Integer.parseInt(counter));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
