package dev.millrace.engine.store;

import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.Team;
import dev.millrace.engine.domain.TeamMember;
import java.util.List;
import java.util.Set;

/** Teams, their members, and the projects that were given to them. */
public interface TeamStore {
  /** Throws {@link DuplicateRow} "name" if an owner has that name. */
  void insert(Team team);

  /**
   * Stores name and deletion if the row still has its version, which is then raised; else false.
   */
  boolean update(Team team);

  /** Living teams of those organisations, or of all for {@link Scope.Everything}, by name. */
  Rows<Team> list(Scope organizations, Slice slice);

  /** By user. */
  List<TeamMember> members(OwnerId team);

  /** In living teams. */
  List<TeamMember> membershipsOf(OwnerId user);

  /** Makes or replaces the membership of that user. */
  void put(TeamMember member);

  /** False if there was none. */
  boolean remove(OwnerId team, OwnerId user);

  /** Those that were given to it, by id. */
  List<ProjectId> projects(OwnerId team);

  /** Again is no error. */
  void give(OwnerId team, ProjectId project);

  /** False if it was not given. */
  boolean takeBack(OwnerId team, ProjectId project);

  /** The teams that the project was given to. */
  Set<OwnerId> teamsOf(ProjectId project);
}
