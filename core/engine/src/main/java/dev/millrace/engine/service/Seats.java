package dev.millrace.engine.service;

import dev.millrace.engine.domain.Membership;
import dev.millrace.engine.domain.Organization;
import dev.millrace.engine.domain.Owner;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.Team;
import dev.millrace.engine.domain.TeamMember;
import dev.millrace.engine.domain.User;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.Slice;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Where one user sits: what {@link Access} decides by. For users who do not administer the
 * installation.
 */
final class Seats {
  private final Session session;
  private final User user;
  private final Set<OwnerId> organizations = new HashSet<>();
  private final Set<OwnerId> administered = new HashSet<>();
  private final Map<OwnerId, TeamMember> teams = new HashMap<>();

  /** Teams of the organisations that the user administers. */
  private final Set<OwnerId> administeredTeams;

  private Seats(Session session, User user) {
    this.session = session;
    this.user = user;
    for (Membership membership : session.owners().membershipsOf(user.id())) {
      organizations.add(membership.organization());
      if (membership.admin()) {
        administered.add(membership.organization());
      }
    }
    session.teams().membershipsOf(user.id()).forEach(m -> teams.put(m.team(), m));
    administeredTeams =
        administered.isEmpty()
            ? Set.of()
            : session
                .teams()
                .list(new Scope.Owners(administered), Slice.first(Slice.MAX_LIMIT))
                .items()
                .stream()
                .map(Team::id)
                .collect(Collectors.toSet());
  }

  static Seats of(Session session, User user) {
    return new Seats(session, user);
  }

  Set<OwnerId> organizations() {
    return Set.copyOf(organizations);
  }

  /** Whose rows the user sees. */
  Set<OwnerId> owners() {
    Set<OwnerId> owners = new HashSet<>(organizations);
    owners.add(user.id());
    owners.addAll(teams.keySet());
    owners.addAll(administeredTeams);
    return owners;
  }

  boolean mayWrite(Project project) {
    if (administers(project.owner())) {
      return true;
    }
    List<TeamMember> seats = seatsFor(project);
    return seats.isEmpty()
        ? organizations.contains(project.owner())
        : seats.stream().anyMatch(seat -> !seat.readOnly());
  }

  boolean mayAdminister(Project project) {
    return administers(project.owner())
        || seatsFor(project).stream().anyMatch(s -> s.projectAdministration() && !s.readOnly());
  }

  boolean mayOwn(Owner owner) {
    if (administers(owner) || organizations.contains(owner.id())) {
      return true;
    }
    TeamMember seat = teams.get(owner.id());
    return seat != null && !seat.readOnly();
  }

  boolean administers(Owner owner) {
    return owner.id().equals(user.id())
        || (owner instanceof Organization && administered.contains(owner.id()))
        || (owner instanceof Team team && administered.contains(team.organization()));
  }

  private boolean administers(OwnerId owner) {
    return owner.equals(user.id())
        || administered.contains(owner)
        || administeredTeams.contains(owner);
  }

  /** The user's places in teams that own the project or were given it. */
  private List<TeamMember> seatsFor(Project project) {
    if (teams.isEmpty()) {
      return List.of();
    }
    Set<OwnerId> having = new HashSet<>(session.teams().teamsOf(project.id()));
    having.add(project.owner());
    return teams.values().stream().filter(seat -> having.contains(seat.team())).toList();
  }
}
