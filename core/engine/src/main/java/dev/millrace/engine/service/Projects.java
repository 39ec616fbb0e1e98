package dev.millrace.engine.service;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.EnvironmentValue;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.Owner;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.Repository;
import dev.millrace.engine.domain.Uuid7;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.DuplicateRow;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.Slice;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Projects of users and organisations. */
@Component(service = Projects.class)
public final class Projects {
  private static final String DEFAULT_YAML = "valohai.yaml";

  private final Database database;
  private final Access access;
  private final Audit audit;
  private final Clock clock;
  private final Uuid7 ids;

  @Activate
  public Projects(
      @Reference Database database,
      @Reference Access access,
      @Reference Audit audit,
      @Reference Clock clock) {
    this.database = database;
    this.access = access;
    this.audit = audit;
    this.clock = clock;
    this.ids = new Uuid7(clock);
  }

  /**
   * A project with what clients want to see beside it.
   *
   * @param readOnly whether the actor may change nothing in it
   */
  public record View(
      Project project, Owner owner, Optional<Repository> repository, boolean readOnly) {}

  /**
   * One project in full, with its executions counted by status. Secrets among the variables are
   * sealed.
   */
  public record Detail(
      View view,
      Map<ExecutionStatus, Long> summary,
      Optional<String> environment,
      List<EnvironmentValue> variables) {}

  /** What a user may set; empty options take the default, or leave a value as it is. */
  public record Wish(
      Optional<String> name,
      Optional<String> description,
      Optional<String> owner,
      Optional<String> yamlPath,
      Optional<String> defaultEnvironment) {}

  /** The projects that the actor may see, by name. */
  public Listing<View> list(Actor actor, Slice slice) {
    return Listing.of(
        slice,
        database.list(session -> session.projects().keys(access.scopeOf(session, actor), slice)),
        keys ->
            database.list(
                session -> {
                  Map<OwnerId, Owner> owners = new HashMap<>();
                  Predicate<Project> writable = access.writable(session, actor);
                  return session
                      .projects()
                      .read(keys)
                      .map(p -> view(session, p, owners, !writable.test(p)));
                }));
  }

  /** One of them. */
  public Detail find(Actor actor, ProjectId id) {
    return database.read(session -> detail(session, actor, visible(session, actor, id)));
  }

  /** Makes a project. Throws {@link Invalid} on {@code name} if its owner has one of that name. */
  public Detail make(Actor actor, Wish wish) {
    Instant now = clock.instant();
    String name = wish.name().map(String::trim).orElse("");
    if (name.isEmpty()) {
      throw Invalid.field("name", "This field is required.", "required");
    }
    return unique(
        name,
        session -> {
          Owner owner = access.ownerFor(session, actor, wish.owner(), "owner");
          Project made =
              apply(
                  session,
                  actor,
                  new Project(
                      new ProjectId(ids.next()),
                      owner.id(),
                      name,
                      "",
                      DEFAULT_YAML,
                      Optional.empty(),
                      Optional.empty(),
                      now,
                      now,
                      Optional.empty(),
                      1),
                  wish,
                  now);
          Ceiling.check(
              session.projects().list(new Scope.Owners(Set.of(owner.id())), Slice.first(0)).total(),
              Ceiling.PROJECTS,
              "This owner",
              "projects");
          session.projects().insert(made);
          audit.record(session, actor, "project.create", subject(made), Map.of(), facts(made));
          return detail(session, actor, made);
        });
  }

  /** Changes a project. To give it another owner one must administer it. */
  public Detail update(Actor actor, ProjectId id, Wish wish) {
    return unique(
        wish.name().orElse(""),
        session -> {
          Project before = visible(session, actor, id);
          access.requireWrite(session, actor, before);
          Project base = before;
          if (wish.owner().isPresent()) {
            OwnerId owner = access.ownerFor(session, actor, wish.owner(), "owner").id();
            if (!owner.equals(before.owner())) {
              access.requireAdministration(session, actor, before);
            }
            base = owned(before, owner);
          }
          Project after = apply(session, actor, base, wish, clock.instant());
          store(session, actor, "project.update", before, after);
          return detail(session, actor, visible(session, actor, id));
        });
  }

  /**
   * Deletes a project: nobody sees it or its executions any more, and its name is free again. After
   * {@code millrace.keep.deleted.days} it is removed with all that it has.
   *
   * @throws Conflict while an execution of it has not ended
   */
  public void delete(Actor actor, ProjectId id) {
    database.transact(
        session -> {
          Project before = visible(session, actor, id);
          access.requireAdministration(session, actor, before);
          requireEnded(session, id);
          Instant now = clock.instant();
          Project after =
              new Project(
                  before.id(),
                  before.owner(),
                  before.name(),
                  before.description(),
                  before.yamlPath(),
                  before.uploadStore(),
                  before.defaultEnvironment(),
                  before.createdAt(),
                  now,
                  Optional.of(now),
                  before.version());
          store(session, actor, "project.delete", before, after);
          return true;
        });
  }

  private static void requireEnded(Session session, ProjectId id) {
    long unfinished =
        session.executions().summary(id).entrySet().stream()
            .filter(entry -> !entry.getKey().terminal())
            .mapToLong(Map.Entry::getValue)
            .sum();
    if (unfinished > 0) {
      throw new Conflict(
          "not_ended",
          unfinished == 1
              ? "An execution of the project has not ended; stop it first, then delete the project"
              : unfinished
                  + " executions of the project have not ended; stop them first, then delete the"
                  + " project");
    }
  }

  private Project apply(Session session, Actor actor, Project base, Wish wish, Instant now) {
    String yamlPath =
        wish.yamlPath().map(p -> p.isBlank() ? DEFAULT_YAML : p.trim()).orElse(base.yamlPath());
    Optional<EnvironmentId> environment =
        wish.defaultEnvironment().isEmpty()
            ? base.defaultEnvironment()
            : wish.defaultEnvironment()
                .filter(e -> !e.isEmpty())
                .map(e -> environment(session, actor, e));
    Project made =
        new Project(
            base.id(),
            base.owner(),
            wish.name().map(String::trim).orElse(base.name()),
            wish.description().orElse(base.description()),
            yamlPath,
            base.uploadStore(),
            environment,
            base.createdAt(),
            now,
            base.deletedAt(),
            base.version());
    new Problems()
        .text("name", made.name(), 200)
        .upTo("description", made.description(), 10_000)
        .upTo("yaml_path", yamlPath, 500)
        .check(
            !yamlPath.startsWith("/") && !List.of(yamlPath.split("/", -1)).contains(".."),
            "yaml_path",
            "Give a path within the project's code",
            "invalid")
        .throwIfAny();
    return made;
  }

  private EnvironmentId environment(Session session, Actor actor, String idOrSlug) {
    Scope scope = access.scopeOf(session, actor);
    Optional<Environment> byId;
    try {
      byId = session.environments().find(scope, EnvironmentId.parse(idOrSlug));
    } catch (IllegalArgumentException e) {
      byId = Optional.empty();
    }
    return byId.or(() -> session.environments().bySlug(scope, idOrSlug))
        .map(Environment::id)
        .orElseThrow(
            () ->
                Invalid.field(
                    "default_environment",
                    "There is no environment \"" + idOrSlug + "\"",
                    "does_not_exist"));
  }

  private void store(Session session, Actor actor, String action, Project before, Project after) {
    if (!session.projects().update(after)) {
      throw Conflict.changedMeanwhile();
    }
    audit.record(session, actor, action, subject(after), facts(before), facts(after));
  }

  private <T> T unique(String name, Database.Work<T> work) {
    try {
      return database.transact(work);
    } catch (DuplicateRow e) {
      throw Invalid.field("name", "This owner has a project named \"" + name + "\"", "unique");
    }
  }

  private Project visible(Session session, Actor actor, ProjectId id) {
    return session
        .projects()
        .find(access.scopeOf(session, actor), id)
        .filter(p -> p.deletedAt().isEmpty())
        .orElseThrow(() -> new NotFound("Project"));
  }

  private Detail detail(Session session, Actor actor, Project project) {
    return new Detail(
        view(session, project, new HashMap<>(), !access.writable(session, actor).test(project)),
        session.executions().summary(project.id()),
        project
            .defaultEnvironment()
            .flatMap(id -> session.environments().find(new Scope.Everything(), id))
            .map(Environment::slug),
        session.variables().of(project.id().value()));
  }

  private static View view(
      Session session, Project project, Map<OwnerId, Owner> owners, boolean readOnly) {
    Owner owner =
        owners.computeIfAbsent(
            project.owner(),
            id ->
                session
                    .owners()
                    .find(id)
                    .orElseThrow(() -> new IllegalStateException("project without owner " + id)));
    return new View(project, owner, session.projects().repository(project.id()), readOnly);
  }

  private static Project owned(Project project, OwnerId owner) {
    return new Project(
        project.id(),
        owner,
        project.name(),
        project.description(),
        project.yamlPath(),
        project.uploadStore(),
        project.defaultEnvironment(),
        project.createdAt(),
        project.modifiedAt(),
        project.deletedAt(),
        project.version());
  }

  private static Map<String, Object> facts(Project project) {
    Map<String, Object> facts = new TreeMap<>();
    facts.put("name", project.name());
    facts.put("owner", project.owner().value());
    facts.put("description", project.description());
    facts.put("yaml_path", project.yamlPath());
    facts.put("default_environment", project.defaultEnvironment());
    facts.put("deleted", project.deletedAt().isPresent());
    return facts;
  }

  private static String subject(Project project) {
    return "project:" + project.id();
  }
}
