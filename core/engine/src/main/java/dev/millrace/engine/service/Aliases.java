package dev.millrace.engine.service;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.AliasMove;
import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.DatumAlias;
import dev.millrace.engine.domain.DatumAliasId;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.Uuid7;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.DuplicateRow;
import dev.millrace.engine.store.Rows;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.Slice;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * Names of files, for inputs such as {@code datum://<name>}; a name can be moved to another file.
 */
@Component(service = Aliases.class)
public final class Aliases {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,199}");
  private static final Pattern ID = Pattern.compile("[0-9a-fA-F-]*");
  private static final int MOST = 10_000;
  private static final Scope ALL = new Scope.Everything();

  private final Database database;
  private final Access access;
  private final Audit audit;
  private final Clock clock;
  private final Uuid7 ids;

  @Activate
  public Aliases(
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

  /** An alias with the file that it names now. */
  public record View(DatumAlias alias, Datum datum) {}

  /** Those of the projects that the actor may see, newest first. */
  public Rows<View> list(
      Actor actor, Optional<ProjectId> project, Optional<String> name, Slice slice) {
    return database.list(
        session -> {
          Rows<DatumAlias> rows =
              session.aliases().list(access.scopeOf(session, actor), project, name, slice);
          return new Rows<>(
              rows.items().stream().map(a -> view(session, a)).toList(), rows.total());
        });
  }

  /** One of them. */
  public View find(Actor actor, String id) {
    return database.read(session -> view(session, visible(session, actor, id)));
  }

  /** The alias of that name in the project; {@link NotFound} if the actor sees none. */
  public View resolve(Actor actor, ProjectId project, String name) {
    return database.read(
        session ->
            session
                .aliases()
                .byName(access.scopeOf(session, actor), project, name)
                .map(a -> view(session, a))
                .orElseThrow(() -> new NotFound("Alias")));
  }

  /** Which files it has named, newest first; the last 1,000 moves are kept. */
  public Rows<AliasMove> moves(Actor actor, String id, Slice slice) {
    return database.list(
        session -> session.aliases().moves(visible(session, actor, id).id(), slice));
  }

  /**
   * Makes an alias of a file of that project. Throws {@link Invalid} on {@code name} if the project
   * has one of that name.
   */
  public View make(Actor actor, ProjectId project, String name, DatumId datum) {
    try {
      return database.transact(
          session -> {
            Datum file = file(session, access.scopeOf(session, actor), project, datum);
            if (session.aliases().byName(ALL, project, name).isPresent()) {
              throw taken(name);
            }
            return view(session, set(session, actor, file, name, "name"));
          });
    } catch (DuplicateRow e) {
      throw taken(name);
    }
  }

  /** Lets an alias name another file of its project. */
  public View move(Actor actor, String id, DatumId datum) {
    return database.transact(
        session -> {
          DatumAlias alias = visible(session, actor, id);
          Datum file = file(session, access.scopeOf(session, actor), alias.project(), datum);
          return view(session, set(session, actor, file, alias.name(), "name"));
        });
  }

  /** Takes a name away. Executions that were submitted with it keep their files. */
  public void delete(Actor actor, String id) {
    database.transact(
        session -> {
          DatumAlias alias = visible(session, actor, id);
          requireWrite(session, actor, alias.project());
          session.aliases().remove(alias.id());
          audit.record(
              session, actor, "datum_alias.delete", subject(alias), facts(alias), Map.of());
          return true;
        });
  }

  /** Makes the alias, or moves it to that file, within another use case's transaction. */
  DatumAlias set(Session session, Actor actor, Datum file, String name, String field) {
    requireWrite(session, actor, file.project());
    OwnerId user = access.requirePerson(actor).id();
    new Problems()
        .check(
            NAME.matcher(name).matches(),
            field,
            "A name has 1 to 200 letters, digits and . _ -, and begins with a letter or digit",
            "invalid")
        .check(
            !(ID.matcher(name).matches() && name.replace("-", "").length() == 32),
            field,
            "This looks like an id of a file; choose another name",
            "invalid")
        .throwIfAny();
    Instant now = clock.instant();
    Optional<DatumAlias> known = session.aliases().byName(ALL, file.project(), name);
    if (known.isPresent() && known.get().datum().equals(file.id())) {
      return known.get();
    }
    if (known.isEmpty() && session.aliases().count(file.project()) >= MOST) {
      throw Invalid.field(
          field, "The project has " + MOST + " aliases; delete some first", "max_items");
    }
    DatumAlias base =
        known.orElseGet(
            () ->
                new DatumAlias(
                    new DatumAliasId(ids.next()), file.project(), name, file.id(), now, now, 1));
    DatumAlias after =
        new DatumAlias(
            base.id(), base.project(), name, file.id(), base.createdAt(), now, base.version());
    AliasMove move = new AliasMove(after.id(), after.version(), file.id(), Optional.of(user), now);
    if (known.isEmpty()) {
      session.aliases().insert(after, move);
    } else if (!session.aliases().update(after, move)) {
      throw Conflict.changedMeanwhile();
    }
    audit.record(
        session,
        actor,
        known.isEmpty() ? "datum_alias.create" : "datum_alias.update",
        subject(after),
        known.map(Aliases::facts).orElse(Map.of()),
        facts(after));
    return after;
  }

  private static Datum file(Session session, Scope scope, ProjectId project, DatumId id) {
    return session
        .data()
        .find(scope, id)
        .filter(d -> d.project().equals(project))
        .orElseThrow(
            () ->
                Invalid.field(
                    "datum", "The project has no file of that id for you", "does_not_exist"));
  }

  private void requireWrite(Session session, Actor actor, ProjectId id) {
    Project project =
        session
            .projects()
            .find(access.scopeOf(session, actor), id)
            .orElseThrow(() -> new NotFound("Project"));
    access.requireWrite(session, actor, project);
  }

  private DatumAlias visible(Session session, Actor actor, String id) {
    try {
      return session
          .aliases()
          .find(access.scopeOf(session, actor), DatumAliasId.parse(id))
          .orElseThrow(() -> new NotFound("Alias"));
    } catch (IllegalArgumentException e) {
      throw new NotFound("Alias");
    }
  }

  private static View view(Session session, DatumAlias alias) {
    return new View(
        alias,
        session
            .data()
            .find(ALL, alias.datum())
            .orElseThrow(() -> new IllegalStateException("alias without file " + alias.id())));
  }

  private static Invalid taken(String name) {
    return Invalid.field(
        "name",
        "The project has an alias \"" + Submissions.brief(name) + "\"; move that one",
        "unique");
  }

  private static Map<String, ?> facts(DatumAlias alias) {
    return Map.of(
        "project",
        alias.project().toString(),
        "name",
        alias.name(),
        "datum",
        alias.datum().toString());
  }

  private static String subject(DatumAlias alias) {
    return "datum_alias:" + alias.id();
  }
}
