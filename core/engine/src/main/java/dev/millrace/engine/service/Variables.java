package dev.millrace.engine.service;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.EnvironmentValue;
import dev.millrace.engine.domain.Owner;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.domain.Uuid7;
import dev.millrace.engine.domain.VariableGroup;
import dev.millrace.engine.domain.VariableGroupId;
import dev.millrace.engine.keys.InstallationKey;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.DuplicateRow;
import dev.millrace.engine.store.Rows;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.Slice;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * Environment variables that executions take from their project, and from groups that they name.
 * Secrets are sealed here, and nobody reads them back.
 */
@Component(service = Variables.class)
public final class Variables {
  private final Database database;
  private final Access access;
  private final Audit audit;
  private final InstallationKey key;
  private final Clock clock;
  private final Uuid7 ids;

  @Activate
  public Variables(
      @Reference Database database,
      @Reference Access access,
      @Reference Audit audit,
      @Reference InstallationKey key,
      @Reference Clock clock) {
    this.database = database;
    this.access = access;
    this.audit = audit;
    this.key = key;
    this.clock = clock;
    this.ids = new Uuid7(clock);
  }

  /** A variable as it is given; a secret one is sealed before it is stored. */
  public record Given(String name, Secret value, boolean secret) {}

  /** A group with its owner and its variables, of which secrets are sealed. */
  public record Group(VariableGroup group, Owner owner, List<EnvironmentValue> variables) {}

  /** What may be set of a group; empty options take the default, or leave a value as it is. */
  public record Wish(Optional<String> name, Optional<String> owner, Optional<String> description) {}

  /** Makes or replaces a variable of the project. Throws {@link Invalid} by field. */
  public void put(Actor actor, ProjectId id, Given given) {
    database.transact(
        session -> {
          Project project = writable(session, actor, id);
          put(session, actor, id.value(), "project:" + project.id(), given);
          return true;
        });
  }

  /** Takes a variable out of the project. Throws {@link NotFound} if it has none of that name. */
  public void remove(Actor actor, ProjectId id, String name) {
    database.transact(
        session -> {
          Project project = writable(session, actor, id);
          remove(session, actor, id.value(), "project:" + project.id(), name);
          return true;
        });
  }

  /** The groups that the actor may see, by name. */
  public Rows<Group> groups(Actor actor, Slice slice) {
    return database.list(
        session -> {
          Rows<VariableGroup> rows =
              session.variables().groups(access.scopeOf(session, actor), slice);
          return new Rows<>(
              rows.items().stream().map(g -> view(session, g)).toList(), rows.total());
        });
  }

  /** One of them, by id. */
  public Group group(Actor actor, String id) {
    return database.read(session -> view(session, visible(session, actor, id)));
  }

  /** Makes a group, of the acting user where no owner is named. */
  public Group makeGroup(Actor actor, Wish wish, List<Given> variables) {
    String name = wish.name().map(String::strip).orElse("");
    Instant now = clock.instant();
    return unique(
        name,
        session -> {
          Owner owner = access.ownerFor(session, actor, wish.owner(), "owner");
          VariableGroup made =
              new VariableGroup(
                  new VariableGroupId(ids.next()),
                  owner.id(),
                  name,
                  wish.description().orElse(""),
                  now,
                  now,
                  1);
          check(made);
          Ceiling.check(
              session
                  .variables()
                  .groups(new Scope.Owners(Set.of(owner.id())), Slice.first(0))
                  .total(),
              Ceiling.VARIABLE_GROUPS,
              "This owner",
              "groups of variables");
          session.variables().insert(made);
          audit.record(
              session, actor, "variable_group.create", subject(made), Map.of(), facts(made));
          for (Given given : variables) {
            store(session, made.id().value(), given, "environment_variables." + brief(given));
          }
          return view(session, made);
        });
  }

  /** Changes name and description of a group. */
  public Group updateGroup(Actor actor, String id, Wish wish) {
    return unique(
        wish.name().orElse(""),
        session -> {
          VariableGroup before = owned(session, actor, id);
          VariableGroup after =
              new VariableGroup(
                  before.id(),
                  before.owner(),
                  wish.name().map(String::strip).orElse(before.name()),
                  wish.description().orElse(before.description()),
                  before.createdAt(),
                  clock.instant(),
                  before.version());
          check(after);
          if (!session.variables().update(after)) {
            throw Conflict.changedMeanwhile();
          }
          audit.record(
              session, actor, "variable_group.update", subject(after), facts(before), facts(after));
          return view(session, visible(session, actor, id));
        });
  }

  /** Deletes a group. Executions that took its variables keep their copies. */
  public void deleteGroup(Actor actor, String id) {
    database.transact(
        session -> {
          VariableGroup group = owned(session, actor, id);
          session.variables().remove(group.id());
          audit.record(
              session, actor, "variable_group.delete", subject(group), facts(group), Map.of());
          return true;
        });
  }

  /** Makes or replaces a variable of the group. Throws {@link Invalid} by field. */
  public void putInGroup(Actor actor, String id, Given given) {
    database.transact(
        session -> {
          VariableGroup group = owned(session, actor, id);
          put(session, actor, group.id().value(), subject(group), given);
          return true;
        });
  }

  /** Takes a variable out of the group. Throws {@link NotFound} if it has none of that name. */
  public void removeFromGroup(Actor actor, String id, String name) {
    database.transact(
        session -> {
          VariableGroup group = owned(session, actor, id);
          remove(session, actor, group.id().value(), subject(group), name);
          return true;
        });
  }

  private void put(Session session, Actor actor, UUID holder, String subject, Given given) {
    Optional<EnvironmentValue> before =
        session.variables().of(holder).stream()
            .filter(v -> v.name().equals(given.name()))
            .findFirst();
    EnvironmentValue after = store(session, holder, given, "name");
    audit.record(
        session,
        actor,
        "environment_variable.put",
        subject,
        before.map(Variables::facts).orElse(Map.of()),
        facts(after));
  }

  private EnvironmentValue store(Session session, UUID holder, Given given, String field) {
    Problems problems = new Problems();
    problems.check(!given.name().isBlank(), field, "This field is required", "required");
    VariableRules.name(given.name(), field, problems);
    VariableRules.value(given.value().reveal(), field.equals("name") ? "value" : field, problems);
    problems.throwIfAny();
    List<EnvironmentValue> known = session.variables().of(holder);
    boolean replaces = known.stream().anyMatch(v -> v.name().equals(given.name()));
    new Problems()
        .check(
            replaces || known.size() < VariableRules.MOST,
            field,
            "There are " + known.size() + " variables already; delete some first",
            "max_items")
        .throwIfAny();
    EnvironmentValue value =
        given.secret()
            ? new EnvironmentValue(
                given.name(),
                Optional.empty(),
                Optional.of(key.seal(given.value(), EnvironmentValue.context(holder))))
            : new EnvironmentValue(
                given.name(), Optional.of(given.value().reveal()), Optional.empty());
    session.variables().put(holder, value);
    return value;
  }

  private void remove(Session session, Actor actor, UUID holder, String subject, String name) {
    new Problems()
        .check(!name.isBlank(), "name", "This field is required", "required")
        .throwIfAny();
    EnvironmentValue before =
        session.variables().of(holder).stream()
            .filter(v -> v.name().equals(name))
            .findFirst()
            .orElseThrow(() -> new NotFound("Environment variable"));
    session.variables().remove(holder, name);
    audit.record(session, actor, "environment_variable.delete", subject, facts(before), Map.of());
  }

  private Project writable(Session session, Actor actor, ProjectId id) {
    Project project =
        session
            .projects()
            .find(access.scopeOf(session, actor), id)
            .filter(p -> p.deletedAt().isEmpty())
            .orElseThrow(() -> new NotFound("Project"));
    access.requireWrite(session, actor, project);
    return project;
  }

  private VariableGroup visible(Session session, Actor actor, String id) {
    try {
      return session
          .variables()
          .find(access.scopeOf(session, actor), VariableGroupId.parse(id))
          .orElseThrow(() -> new NotFound("Variable group"));
    } catch (IllegalArgumentException e) {
      throw new NotFound("Variable group");
    }
  }

  private VariableGroup owned(Session session, Actor actor, String id) {
    VariableGroup group = visible(session, actor, id);
    access.requireOwning(session, actor, owner(session, group));
    return group;
  }

  private static Owner owner(Session session, VariableGroup group) {
    return session
        .owners()
        .find(group.owner())
        .orElseThrow(() -> new IllegalStateException("group without owner " + group.owner()));
  }

  private static Group view(Session session, VariableGroup group) {
    return new Group(group, owner(session, group), session.variables().of(group.id().value()));
  }

  private <T> T unique(String name, Database.Work<T> work) {
    try {
      return database.transact(work);
    } catch (DuplicateRow e) {
      throw Invalid.field("name", "This owner has a group named \"" + name + "\"", "unique");
    }
  }

  private static void check(VariableGroup group) {
    new Problems()
        .text("name", group.name(), 200)
        .upTo("description", group.description(), 10_000)
        .throwIfAny();
  }

  private static String brief(Given given) {
    return Submissions.brief(given.name());
  }

  /** Without the value of a secret. */
  private static Map<String, ?> facts(EnvironmentValue variable) {
    return Map.of(
        "name",
        variable.name(),
        "secret",
        variable.secret(),
        "value",
        variable.value().map(Submissions::brief).orElse("***"));
  }

  private static Map<String, ?> facts(VariableGroup group) {
    return Map.of(
        "name", group.name(), "owner", group.owner().value(), "description", group.description());
  }

  private static String subject(VariableGroup group) {
    return "variable_group:" + group.id();
  }
}
