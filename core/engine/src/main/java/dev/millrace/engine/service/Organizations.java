package dev.millrace.engine.service;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.Membership;
import dev.millrace.engine.domain.Organization;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.Team;
import dev.millrace.engine.domain.TeamMember;
import dev.millrace.engine.domain.User;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.DuplicateRow;
import dev.millrace.engine.store.Rows;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.Slice;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * Owners with several members. Administrators of the installation make them; their own
 * administrators fill them.
 */
@Component(service = Organizations.class)
public final class Organizations {
  private final Database database;
  private final Access access;
  private final Audit audit;
  private final Clock clock;

  @Activate
  public Organizations(
      @Reference Database database,
      @Reference Access access,
      @Reference Audit audit,
      @Reference Clock clock) {
    this.database = database;
    this.access = access;
    this.audit = audit;
    this.clock = clock;
  }

  /** Someone who belongs to an organisation. */
  public record Member(User user, boolean admin) {}

  /** The organisations that the actor may see, by name. */
  public Rows<Organization> list(Actor actor, Slice slice) {
    return database.list(
        session -> session.owners().organizations(access.scopeOf(session, actor), slice));
  }

  /** One organisation that the actor may see. */
  public Organization find(Actor actor, OwnerId id) {
    return database.read(session -> visible(session, actor, id));
  }

  /** The owner strings under which the actor may make things; their own name first. */
  public List<String> ownershipOptions(Actor actor) {
    User self = access.requirePerson(actor);
    return database.read(
        session -> {
          List<String> names = new ArrayList<>();
          names.add(self.name());
          session.owners().membershipsOf(self.id()).stream()
              .flatMap(m -> session.owners().find(m.organization()).stream())
              .map(o -> o.name())
              .sorted()
              .forEach(names::add);
          session.teams().membershipsOf(self.id()).stream()
              .filter(m -> !m.readOnly())
              .flatMap(m -> session.owners().find(m.team()).stream())
              .map(o -> o.name())
              .sorted()
              .forEach(names::add);
          return names;
        });
  }

  /** Makes an organisation; for administrators. Throws {@link Invalid} if the name is taken. */
  public Organization make(Actor actor, String name) {
    access.requireAdmin(actor);
    new Problems()
        .check(Users.NAME.matcher(name).matches(), "name", Users.NAME_RULE, "invalid")
        .check(!name.equals("me"), "name", "\"me\" is reserved", "reserved")
        .throwIfAny();
    try {
      return database.transact(
          session -> {
            Organization made =
                new Organization(session.owners().nextId(), name, clock.instant(), 1);
            Ceiling.check(
                session.owners().organizations(new Scope.Everything(), Slice.first(0)).total(),
                Ceiling.ORGANIZATIONS,
                "The installation",
                "organisations");
            session.owners().insert(made);
            audit.record(
                session,
                actor,
                "organization.create",
                subject(made),
                Map.of(),
                Map.of("name", name));
            return made;
          });
    } catch (DuplicateRow e) {
      throw Invalid.field("name", "A user or organisation named \"" + name + "\" exists", "unique");
    }
  }

  /** Who belongs to an organisation that the actor may see. */
  public List<Member> members(Actor actor, OwnerId organization) {
    return database.read(
        session -> {
          visible(session, actor, organization);
          return session.owners().membersOf(organization).stream()
              .flatMap(
                  m -> Users.user(session, m.user()).map(u -> new Member(u, m.admin())).stream())
              .toList();
        });
  }

  /** Adds a member or changes what they may do; for administrators of the organisation. */
  public Member put(Actor actor, OwnerId organization, String username, boolean admin) {
    return database.transact(
        session -> {
          Organization of = visible(session, actor, organization);
          access.requireAdministration(session, actor, of.id());
          User user =
              session
                  .owners()
                  .byName(username)
                  .filter(User.class::isInstance)
                  .map(User.class::cast)
                  .orElseThrow(
                      () ->
                          Invalid.field(
                              "username",
                              "There is no user \"" + username + "\"",
                              "does_not_exist"));
          List<Membership> members = session.owners().membersOf(of.id());
          Optional<Membership> before =
              members.stream().filter(m -> m.user().equals(user.id())).findFirst();
          if (before.isEmpty()) {
            Ceiling.check(members.size(), Ceiling.MEMBERS, "The organisation", "members");
          }
          session.owners().put(new Membership(of.id(), user.id(), admin));
          audit.record(
              session,
              actor,
              "organization.member.put",
              subject(of),
              before.<Map<String, ?>>map(m -> facts(user, m.admin())).orElse(Map.of()),
              facts(user, admin));
          return new Member(user, admin);
        });
  }

  /**
   * Ends a membership and those in teams; for administrators of the organisation and the member.
   */
  public void remove(Actor actor, OwnerId organization, OwnerId user) {
    database.transact(
        session -> {
          Organization of = visible(session, actor, organization);
          if (!access.requirePerson(actor).id().equals(user)) {
            access.requireAdministration(session, actor, of.id());
          }
          if (!session.owners().remove(of.id(), user)) {
            throw new NotFound("Member");
          }
          // Who leaves the organisation leaves its teams.
          session.teams().membershipsOf(user).stream()
              .map(TeamMember::team)
              .filter(team -> teamOf(session, team, of))
              .forEach(team -> session.teams().remove(team, user));
          audit.record(
              session,
              actor,
              "organization.member.remove",
              subject(of),
              Map.of("user", user.value()),
              Map.of());
          return true;
        });
  }

  private static boolean teamOf(Session session, OwnerId id, Organization organization) {
    return session
        .owners()
        .find(id)
        .filter(o -> o instanceof Team team && team.organization().equals(organization.id()))
        .isPresent();
  }

  private Organization visible(Session session, Actor actor, OwnerId id) {
    return session
        .owners()
        .find(id)
        .filter(Organization.class::isInstance)
        .map(Organization.class::cast)
        .filter(o -> access.maySee(session, actor, o))
        .orElseThrow(() -> new NotFound("Organization"));
  }

  private static Map<String, ?> facts(User user, boolean admin) {
    return Map.of("user", user.id().value(), "username", user.name(), "admin", admin);
  }

  private static String subject(Organization organization) {
    return "organization:" + organization.id();
  }
}
