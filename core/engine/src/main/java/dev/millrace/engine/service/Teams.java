package dev.millrace.engine.service;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.Organization;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.ProjectId;
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
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * Teams within organisations. Members of the organisation see them; its administrators make and
 * fill them, and give them projects.
 */
@Component(service = Teams.class)
public final class Teams {
  private static final int MOST_MEMBERS = 1_000;
  private static final int MOST_PROJECTS = 10_000;
  private static final Scope ALL = new Scope.Everything();

  private final Database database;
  private final Access access;
  private final Audit audit;
  private final Clock clock;

  @Activate
  public Teams(
      @Reference Database database,
      @Reference Access access,
      @Reference Audit audit,
      @Reference Clock clock) {
    this.database = database;
    this.access = access;
    this.audit = audit;
    this.clock = clock;
  }

  /** Someone who belongs to a team. */
  public record Member(User user, TeamMember seat) {}

  /** A team with its organisation, its members, and the projects that were given to it. */
  public record View(
      Team team, Organization organization, List<Member> members, List<ProjectId> projects) {}

  /** Who shall belong to a team, and what they may do with its projects. */
  public record Seat(OwnerId user, boolean projectAdministration, boolean readOnly) {}

  /** What may be set of a team. Empty options leave things as they are, or empty. */
  public record Wish(
      Optional<String> name, Optional<List<Seat>> members, Optional<List<ProjectId>> projects) {}

  /** The teams of the actor's organisations, by name. */
  public Rows<View> list(Actor actor, Slice slice) {
    return database.list(
        session -> {
          Rows<Team> rows = session.teams().list(access.organizationsOf(session, actor), slice);
          return new Rows<>(
              rows.items().stream().map(t -> view(session, t)).toList(), rows.total());
        });
  }

  /** One of them. */
  public View find(Actor actor, OwnerId id) {
    return database.read(session -> view(session, visible(session, actor, id)));
  }

  /** Makes a team; for administrators of the organisation. */
  public View make(Actor actor, OwnerId organization, Wish wish) {
    String name = name(wish).orElse("");
    new Problems()
        .check(!name.isEmpty(), "name", "This field is required", "required")
        .throwIfAny();
    return unique(
        name,
        session -> {
          Organization of =
              session
                  .owners()
                  .find(organization)
                  .filter(Organization.class::isInstance)
                  .map(Organization.class::cast)
                  .filter(o -> access.maySee(session, actor, o))
                  .orElseThrow(
                      () ->
                          Invalid.field(
                              "organization",
                              "There is no organisation of that number for you",
                              "does_not_exist"));
          access.requireAdministration(session, actor, of.id());
          Team team =
              new Team(
                  session.owners().nextId(),
                  of.id(),
                  of.name() + ":" + name,
                  false,
                  clock.instant(),
                  1);
          Ceiling.check(
              session.teams().list(new Scope.Owners(Set.of(of.id())), Slice.first(0)).total(),
              Ceiling.TEAMS,
              "The organisation",
              "teams");
          session.teams().insert(team);
          fill(session, actor, team, wish);
          View made = view(session, team);
          audit.record(session, actor, "team.create", subject(team), Map.of(), facts(made));
          return made;
        });
  }

  /** Changes a team; for administrators of its organisation. Lists are replaced as a whole. */
  public View update(Actor actor, OwnerId id, Wish wish) {
    Optional<String> name = name(wish);
    return unique(
        name.orElse(""),
        session -> {
          View before = administered(session, actor, id);
          Team team = before.team();
          String full = name.map(n -> before.organization().name() + ":" + n).orElse(team.name());
          store(
              session,
              new Team(id, team.organization(), full, false, team.createdAt(), team.version()));
          fill(session, actor, team, wish);
          View after = view(session, visible(session, actor, id));
          audit.record(session, actor, "team.update", subject(team), facts(before), facts(after));
          return after;
        });
  }

  /** Adds a member or changes what they may do; for administrators of the organisation. */
  public View put(Actor actor, OwnerId id, Seat seat) {
    return database.transact(
        session -> {
          View before = administered(session, actor, id);
          new Problems()
              .check(
                  before.members().size() < MOST_MEMBERS
                      || before.members().stream().anyMatch(m -> m.user().id().equals(seat.user())),
                  "user",
                  "A team has at most " + MOST_MEMBERS + " members",
                  "max_items")
              .throwIfAny();
          seat(session, before.team(), seat, "user");
          View after = view(session, before.team());
          audit.record(
              session,
              actor,
              "team.member.put",
              subject(after.team()),
              facts(before),
              facts(after));
          return after;
        });
  }

  /** Ends a membership; for administrators of the organisation, and for the member. */
  public void remove(Actor actor, OwnerId id, OwnerId user) {
    database.transact(
        session -> {
          Team team = visible(session, actor, id);
          if (!access.requirePerson(actor).id().equals(user)) {
            access.requireAdministration(session, actor, team.organization());
          }
          if (!session.teams().remove(id, user)) {
            throw new NotFound("Member");
          }
          audit.record(
              session,
              actor,
              "team.member.remove",
              subject(team),
              Map.of("user", user.value()),
              Map.of());
          return true;
        });
  }

  /**
   * Deletes a team; for administrators of the organisation. Throws {@link Conflict} while it owns
   * projects.
   */
  public void delete(Actor actor, OwnerId id) {
    database.transact(
        session -> {
          View before = administered(session, actor, id);
          Team team = before.team();
          boolean owns =
              session
                  .projects()
                  .list(new Scope.Owners(Set.of(id)), Slice.first(MOST_PROJECTS))
                  .items()
                  .stream()
                  .anyMatch(p -> p.owner().equals(id));
          if (owns) {
            throw new Conflict(
                "owns_projects", "The team owns projects; give them another owner first");
          }
          before.members().forEach(m -> session.teams().remove(id, m.user().id()));
          before.projects().forEach(p -> session.teams().takeBack(id, p));
          store(
              session,
              new Team(
                  id,
                  team.organization(),
                  team.name() + " (deleted " + id + ")",
                  true,
                  team.createdAt(),
                  team.version()));
          audit.record(session, actor, "team.delete", subject(team), facts(before), Map.of());
          return true;
        });
  }

  private static void store(Session session, Team team) {
    if (!session.teams().update(team)) {
      throw Conflict.changedMeanwhile();
    }
  }

  private static Optional<String> name(Wish wish) {
    Optional<String> name = wish.name().map(String::strip);
    new Problems()
        .check(
            name.map(n -> Users.NAME.matcher(n).matches()).orElse(true),
            "name",
            Users.NAME_RULE,
            "invalid")
        .throwIfAny();
    return name;
  }

  private void fill(Session session, Actor actor, Team team, Wish wish) {
    wish.members().ifPresent(seats -> members(session, team, seats));
    wish.projects().ifPresent(projects -> projects(session, actor, team, projects));
  }

  private void members(Session session, Team team, List<Seat> seats) {
    new Problems()
        .check(
            seats.size() <= MOST_MEMBERS,
            "members",
            "A team has at most " + MOST_MEMBERS + " members",
            "max_items")
        .throwIfAny();
    Set<OwnerId> wanted = new HashSet<>();
    seats.forEach(seat -> wanted.add(seat.user()));
    for (TeamMember known : session.teams().members(team.id())) {
      if (!wanted.contains(known.user())) {
        session.teams().remove(team.id(), known.user());
      }
    }
    seats.forEach(seat -> seat(session, team, seat, "members"));
  }

  private void seat(Session session, Team team, Seat seat, String field) {
    boolean belongs =
        session.owners().membershipsOf(seat.user()).stream()
            .anyMatch(m -> m.organization().equals(team.organization()));
    new Problems()
        .check(
            belongs,
            field,
            "User " + seat.user() + " is no member of the organisation; add them to it first",
            "does_not_exist")
        .check(
            !(seat.readOnly() && seat.projectAdministration()),
            field,
            "Whoever may only read cannot administer projects; choose one of the two",
            "invalid")
        .throwIfAny();
    session
        .teams()
        .put(
            new TeamMember(
                team.id(),
                seat.user(),
                seat.projectAdministration(),
                seat.readOnly(),
                clock.instant()));
  }

  /** New ones must be the actor's to give; those that it has may stay or go. */
  private void projects(Session session, Actor actor, Team team, List<ProjectId> projects) {
    new Problems()
        .check(
            projects.size() <= MOST_PROJECTS,
            "projects",
            "A team has at most " + MOST_PROJECTS + " projects",
            "max_items")
        .throwIfAny();
    Set<ProjectId> known = new HashSet<>(session.teams().projects(team.id()));
    Set<ProjectId> wanted = new HashSet<>(projects);
    for (ProjectId id : wanted) {
      if (!known.contains(id)) {
        Project project =
            session
                .projects()
                .find(access.scopeOf(session, actor), id)
                .filter(p -> p.deletedAt().isEmpty())
                .orElseThrow(
                    () ->
                        Invalid.field(
                            "projects",
                            "There is no project " + id + " for you",
                            "does_not_exist"));
        access.requireAdministration(session, actor, project);
        session.teams().give(team.id(), id);
      }
    }
    for (ProjectId id : known) {
      if (!wanted.contains(id)) {
        session.teams().takeBack(team.id(), id);
      }
    }
  }

  private <T> T unique(String name, Database.Work<T> work) {
    try {
      return database.transact(work);
    } catch (DuplicateRow e) {
      throw Invalid.field("name", "The organisation has a team named \"" + name + "\"", "unique");
    }
  }

  private View administered(Session session, Actor actor, OwnerId id) {
    Team team = visible(session, actor, id);
    access.requireAdministration(session, actor, team.organization());
    return view(session, team);
  }

  private Team visible(Session session, Actor actor, OwnerId id) {
    return session
        .owners()
        .find(id)
        .filter(o -> o instanceof Team team && !team.deleted() && access.maySee(session, actor, o))
        .map(Team.class::cast)
        .orElseThrow(() -> new NotFound("Team"));
  }

  private static View view(Session session, Team team) {
    Organization organization =
        session
            .owners()
            .find(team.organization())
            .filter(Organization.class::isInstance)
            .map(Organization.class::cast)
            .orElseThrow(() -> new IllegalStateException("team without organisation " + team.id()));
    List<Member> members = new ArrayList<>();
    for (TeamMember seat : session.teams().members(team.id())) {
      Users.user(session, seat.user()).ifPresent(user -> members.add(new Member(user, seat)));
    }
    List<ProjectId> projects =
        session.teams().projects(team.id()).stream()
            .filter(
                id ->
                    session
                        .projects()
                        .find(ALL, id)
                        .filter(p -> p.deletedAt().isEmpty())
                        .isPresent())
            .toList();
    return new View(team, organization, members, projects);
  }

  private static Map<String, Object> facts(View view) {
    Map<String, Object> members = new LinkedHashMap<>();
    for (Member member : view.members()) {
      members.put(
          member.user().name(),
          member.seat().readOnly()
              ? "read-only"
              : member.seat().projectAdministration() ? "project-administration" : "member");
    }
    Map<String, Object> facts = new HashMap<>();
    facts.put("name", view.team().name());
    facts.put("members", members);
    facts.put("projects", view.projects().stream().map(ProjectId::toString).toList());
    return facts;
  }

  private static String subject(Team team) {
    return "team:" + team.id();
  }
}
