package dev.millrace.persistence;

import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.Team;
import dev.millrace.engine.domain.TeamMember;
import dev.millrace.engine.store.Rows;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Slice;
import dev.millrace.engine.store.TeamStore;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.IdClass;
import java.io.Serializable;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.hibernate.StatelessSession;
import org.jspecify.annotations.NullUnmarked;

/** Teams are rows of the owners; what belongs to them alone is here. */
final class SqlTeams implements TeamStore {
  private static final String MEMBERS =
      "select m.team_id, m.user_id, m.project_administration, m.read_only, m.created_at"
          + " from team_member m ";

  private final StatelessSession session;
  private final Table table;
  private final Jdbc jdbc;

  SqlTeams(StatelessSession session) {
    this.session = session;
    this.table = new Table(session);
    this.jdbc = new Jdbc(session);
  }

  @Override
  public void insert(Team team) {
    table.insert(SqlOwners.Row.of(team));
  }

  @Override
  public boolean update(Team team) {
    return table.update(SqlOwners.Row.of(team));
  }

  @Override
  public Rows<Team> list(Scope organizations, Slice slice) {
    return new Hql(session, "from Owner o")
        .and("o.kind = :kind", "kind", SqlOwners.TEAM)
        .and("o.disabled = false")
        .owned(organizations, "o.organizationId")
        .rows(SqlOwners.Row.class, "o", "o.name", slice, SqlOwners.Row::team);
  }

  @Override
  public List<TeamMember> members(OwnerId team) {
    return jdbc.list(
        SqlTeams::member, MEMBERS + "where m.team_id = ? order by m.user_id", team.value());
  }

  @Override
  public List<TeamMember> membershipsOf(OwnerId user) {
    return jdbc.list(
        SqlTeams::member,
        MEMBERS
            + "join owner o on o.id = m.team_id"
            + " where m.user_id = ? and o.disabled = ? order by m.team_id",
        user.value(),
        false);
  }

  @Override
  public void put(TeamMember member) {
    int changed =
        jdbc.change(
            "update team_member set project_administration = ?, read_only = ?"
                + " where team_id = ? and user_id = ?",
            member.projectAdministration(),
            member.readOnly(),
            member.team().value(),
            member.user().value());
    if (changed == 0) {
      jdbc.insert(
          "insert into team_member (project_administration, read_only, team_id, user_id,"
              + " created_at) values (?, ?, ?, ?, ?)",
          member.projectAdministration(),
          member.readOnly(),
          member.team().value(),
          member.user().value(),
          member.since());
    }
  }

  @Override
  public boolean remove(OwnerId team, OwnerId user) {
    return jdbc.change(
            "delete from team_member where team_id = ? and user_id = ?", team.value(), user.value())
        == 1;
  }

  @Override
  public List<ProjectId> projects(OwnerId team) {
    return jdbc.list(
        row -> new ProjectId(Micros.uuid(row.getBytes(1))),
        "select project_id from team_project where team_id = ? order by project_id",
        team.value());
  }

  @Override
  public void give(OwnerId team, ProjectId project) {
    jdbc.insert(
        "insert into team_project (team_id, project_id) values (?, ?)",
        team.value(),
        project.value());
  }

  @Override
  public boolean takeBack(OwnerId team, ProjectId project) {
    return jdbc.change(
            "delete from team_project where team_id = ? and project_id = ?",
            team.value(),
            project.value())
        == 1;
  }

  @Override
  public Set<OwnerId> teamsOf(ProjectId project) {
    return jdbc
        .list(
            row -> new OwnerId(row.getInt(1)),
            "select team_id from team_project where project_id = ?",
            project.value())
        .stream()
        .collect(Collectors.toUnmodifiableSet());
  }

  private static TeamMember member(ResultSet row) throws SQLException {
    return new TeamMember(
        new OwnerId(row.getInt(1)),
        new OwnerId(row.getInt(2)),
        row.getBoolean(3),
        row.getBoolean(4),
        Micros.time(row.getLong(5)));
  }

  /** That a project was given to a team. */
  @NullUnmarked
  @Entity(name = "TeamProject")
  @IdClass(ProjectRow.Key.class)
  @jakarta.persistence.Table(name = "team_project")
  static class ProjectRow {
    @Id int teamId;
    @Id UUID projectId;

    /** What is unique. */
    record Key(int teamId, UUID projectId) implements Serializable {}
  }
}
