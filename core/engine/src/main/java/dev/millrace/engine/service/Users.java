package dev.millrace.engine.service;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.Membership;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.domain.User;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.DuplicateRow;
import dev.millrace.engine.store.Rows;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.Slice;
import java.time.Clock;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * People who may log in. Administrators make and change them; everyone sees who shares an
 * organisation with them.
 */
@Component(service = Users.class)
public final class Users {
  /** What a user or organisation may be called: it stands in owner strings and addresses. */
  static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.@+-]{0,99}");

  static final String NAME_RULE =
      "A name has 1 to 100 letters, digits and _ . @ + -, and begins with a letter or digit";

  private final Database database;
  private final Access access;
  private final Audit audit;
  private final Passwords passwords;
  private final Clock clock;

  @Activate
  public Users(
      @Reference Database database,
      @Reference Access access,
      @Reference Audit audit,
      @Reference Passwords passwords,
      @Reference Clock clock) {
    this.database = database;
    this.access = access;
    this.audit = audit;
    this.passwords = passwords;
    this.clock = clock;
  }

  /** What is known of a new user; without a password they log in by token only. */
  public record NewUser(
      String name,
      String email,
      String firstName,
      String lastName,
      boolean admin,
      Optional<Secret> password) {}

  /** What changes; empty options leave things as they are. */
  public record Change(
      Optional<String> email,
      Optional<String> firstName,
      Optional<String> lastName,
      Optional<Boolean> admin,
      Optional<Boolean> disabled,
      Optional<Secret> password) {}

  /** The acting user. */
  public User me(Actor actor) {
    return access.requirePerson(actor);
  }

  /** A user whom the actor may see. */
  public User find(Actor actor, OwnerId id) {
    return database.read(session -> visible(session, actor, id));
  }

  /** The users whom the actor may see, by name. */
  public Rows<User> list(Actor actor, Slice slice) {
    return database.list(
        session -> {
          if (access.administersInstallation(actor)) {
            return session.owners().users(slice);
          }
          User self = access.requirePerson(actor);
          Map<OwnerId, User> seen = new TreeMap<>(Comparator.comparingInt(OwnerId::value));
          seen.put(self.id(), self);
          for (Membership mine : session.owners().membershipsOf(self.id())) {
            for (Membership other : session.owners().membersOf(mine.organization())) {
              user(session, other.user()).ifPresent(u -> seen.put(u.id(), u));
            }
          }
          List<User> sorted =
              seen.values().stream().sorted(Comparator.comparing(User::name)).toList();
          int from = Math.min(slice.offset(), sorted.size());
          int to = Math.min(sorted.size(), from + slice.limit());
          return new Rows<>(sorted.subList(from, to), sorted.size());
        });
  }

  /**
   * Makes a user; for administrators. Throws {@link Invalid} on {@code username} if the name is
   * taken.
   */
  public User make(Actor actor, NewUser wanted) {
    access.requireAdmin(actor);
    Problems problems = new Problems();
    problems.check(NAME.matcher(wanted.name()).matches(), "username", NAME_RULE, "invalid");
    problems.check(!wanted.name().equals("me"), "username", "\"me\" is reserved", "reserved");
    lengths(problems, wanted.email(), wanted.firstName(), wanted.lastName());
    wanted.password().ifPresent(p -> passwords.check(problems, p));
    problems.throwIfAny();
    Optional<String> hash = wanted.password().map(passwords::hash);
    try {
      return database.transact(
          session -> {
            User user =
                new User(
                    session.owners().nextId(),
                    wanted.name(),
                    wanted.email(),
                    wanted.firstName(),
                    wanted.lastName(),
                    wanted.admin(),
                    false,
                    clock.instant(),
                    1);
            Ceiling.check(
                session.owners().users(Slice.first(0)).total(),
                Ceiling.USERS,
                "The installation",
                "users");
            session.owners().insert(user, hash);
            audit.record(session, actor, "user.create", subject(user), Map.of(), facts(user));
            return user;
          });
    } catch (DuplicateRow e) {
      throw Invalid.field(
          "username", "A user or organisation named \"" + wanted.name() + "\" exists", "unique");
    }
  }

  /**
   * Changes a user: people their own name, address and password, administrators everything. The
   * last administrator cannot be disabled or degraded.
   */
  public User update(Actor actor, OwnerId id, Change change) {
    boolean admin = access.administersInstallation(actor);
    if (change.admin().isPresent() || change.disabled().isPresent()) {
      access.requireAdmin(actor);
    }
    Problems problems = new Problems();
    lengths(
        problems,
        change.email().orElse(""),
        change.firstName().orElse(""),
        change.lastName().orElse(""));
    change.password().ifPresent(p -> passwords.check(problems, p));
    problems.throwIfAny();
    Optional<String> hash = change.password().map(passwords::hash);
    return database.transact(
        session -> {
          User before = visible(session, actor, id);
          if (!admin && !before.id().equals(access.requirePerson(actor).id())) {
            throw new Denied("Only an administrator may change another user");
          }
          User after =
              new User(
                  before.id(),
                  before.name(),
                  change.email().orElse(before.email()),
                  change.firstName().orElse(before.firstName()),
                  change.lastName().orElse(before.lastName()),
                  change.admin().orElse(before.admin()),
                  change.disabled().orElse(before.disabled()),
                  before.createdAt(),
                  before.version());
          if (before.admin() && !before.disabled() && (!after.admin() || after.disabled())) {
            requireAnotherAdmin(session, before);
          }
          if (!session.owners().update(after)) {
            throw Conflict.changedMeanwhile();
          }
          hash.ifPresent(h -> session.owners().setPasswordHash(id, h));
          if (hash.isPresent() || after.disabled()) {
            session.webSessions().deleteOf(id);
          }
          Map<String, Object> now = facts(after);
          hash.ifPresent(h -> now.put("password", "***"));
          audit.record(session, actor, "user.update", subject(after), facts(before), now);
          return session.owners().find(id).map(User.class::cast).orElse(after);
        });
  }

  static Optional<User> user(Session session, OwnerId id) {
    return session.owners().find(id).filter(User.class::isInstance).map(User.class::cast);
  }

  private User visible(Session session, Actor actor, OwnerId id) {
    return user(session, id)
        .filter(u -> access.maySee(session, actor, u))
        .orElseThrow(() -> new NotFound("User"));
  }

  private static void requireAnotherAdmin(Session session, User user) {
    boolean another = session.owners().anotherAdministrator(user.id());
    if (!another) {
      throw new Conflict(
          "last_administrator", "This is the last administrator; make another one first");
    }
  }

  private static void lengths(Problems problems, String email, String first, String last) {
    problems.upTo("email", email, 250);
    problems.upTo("first_name", first, 150);
    problems.upTo("last_name", last, 150);
  }

  private static Map<String, Object> facts(User user) {
    Map<String, Object> facts = new TreeMap<>();
    facts.put("username", user.name());
    facts.put("email", user.email());
    facts.put("first_name", user.firstName());
    facts.put("last_name", user.lastName());
    facts.put("admin", user.admin());
    facts.put("disabled", user.disabled());
    return facts;
  }

  private static String subject(User user) {
    return "user:" + user.id();
  }
}
