package dev.millrace.persistence;

import dev.millrace.engine.domain.AliasMove;
import dev.millrace.engine.domain.DatumAlias;
import dev.millrace.engine.domain.DatumAliasId;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.store.AliasStore;
import dev.millrace.engine.store.Rows;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Slice;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.hibernate.StatelessSession;
import org.jspecify.annotations.NullUnmarked;

/** Names of files, and where they pointed before. */
final class SqlAliases implements AliasStore {
  /** How many values one statement takes. */
  private static final int PARAMETERS = 1_000;

  private final StatelessSession session;
  private final Table table;
  private final Jdbc jdbc;

  SqlAliases(StatelessSession session) {
    this.session = session;
    this.table = new Table(session);
    this.jdbc = new Jdbc(session);
  }

  @Override
  public void insert(DatumAlias alias, AliasMove first) {
    table.insert(Row.of(alias));
    note(first, alias.version());
  }

  @Override
  public boolean update(DatumAlias alias, AliasMove move) {
    if (!table.update(Row.of(alias))) {
      return false;
    }
    note(move, alias.version() + 1);
    jdbc.change(
        "delete from datum_alias_move where alias_id = ? and version <= ?",
        alias.id().value(),
        alias.version() + 1 - MOVES_KEPT);
    return true;
  }

  @Override
  public void remove(DatumAliasId id) {
    jdbc.change("delete from datum_alias_move where alias_id = ?", id.value());
    jdbc.change("delete from datum_alias where id = ?", id.value());
  }

  @Override
  public Optional<DatumAlias> find(Scope scope, DatumAliasId id) {
    return from(scope)
        .and("a.id = :id", "id", id.value())
        .first(Row.class, "a", "a.id")
        .map(Row::alias);
  }

  @Override
  public Optional<DatumAlias> byName(Scope scope, ProjectId project, String name) {
    return from(scope)
        .and("a.projectId = :project", "project", project.value())
        .and("a.name = :name", "name", name)
        .first(Row.class, "a", "a.id")
        .map(Row::alias);
  }

  @Override
  public Rows<DatumAlias> list(
      Scope scope, Optional<ProjectId> project, Optional<String> name, Slice slice) {
    return from(scope)
        .and(project, "a.projectId = :project", "project", ProjectId::value)
        .and(name, "a.name = :name", "name", n -> n)
        .rows(Row.class, "a", "a.createdAt desc, a.id desc", slice, Row::alias);
  }

  @Override
  public Map<DatumId, List<String>> namesOf(Collection<DatumId> data) {
    Map<DatumId, List<String>> names = new HashMap<>();
    List<UUID> ids = data.stream().map(DatumId::value).toList();
    for (int from = 0; from < ids.size(); from += PARAMETERS) {
      new Hql(session, "from DatumAlias a")
          .and(
              "a.datumId in :data",
              "data",
              ids.subList(from, Math.min(ids.size(), from + PARAMETERS)))
          .list(Row.class, "a", "a.name", Slice.first(Slice.MAX_LIMIT))
          .forEach(
              row ->
                  names
                      .computeIfAbsent(new DatumId(row.datumId), id -> new ArrayList<>())
                      .add(row.name));
    }
    return names;
  }

  @Override
  public long count(ProjectId project) {
    return jdbc.first(
            row -> row.getLong(1),
            "select count(*) from datum_alias where project_id = ?",
            project.value())
        .orElse(0L);
  }

  @Override
  public Rows<AliasMove> moves(DatumAliasId id, Slice slice) {
    List<AliasMove> moves =
        jdbc.list(
            row -> {
              int user = row.getInt(3);
              Optional<OwnerId> who =
                  row.wasNull() ? Optional.empty() : Optional.of(new OwnerId(user));
              return new AliasMove(
                  id,
                  row.getLong(1),
                  new DatumId(Micros.uuid(row.getBytes(2))),
                  who,
                  Micros.time(row.getLong(4)));
            },
            "select version, datum_id, user_id, moved_at from datum_alias_move"
                + " where alias_id = ? order by version desc limit ? offset ?",
            id.value(),
            slice.limit(),
            slice.offset());
    long total =
        jdbc.first(
                row -> row.getLong(1),
                "select count(*) from datum_alias_move where alias_id = ?",
                id.value())
            .orElse(0L);
    return new Rows<>(moves, total);
  }

  private void note(AliasMove move, long version) {
    jdbc.change(
        "insert into datum_alias_move (alias_id, version, datum_id, user_id, moved_at)"
            + " values (?, ?, ?, ?, ?)",
        move.alias().value(),
        version,
        move.datum().value(),
        move.user().map(OwnerId::value).orElse(null),
        move.at());
  }

  private Hql from(Scope scope) {
    return new Hql(session, "from DatumAlias a").inProject(scope, "a.projectId");
  }

  /** An alias. */
  @NullUnmarked
  @Entity(name = "DatumAlias")
  @jakarta.persistence.Table(name = "datum_alias")
  static class Row {
    @Id UUID id;
    UUID projectId;
    String name;
    UUID datumId;
    Instant createdAt;
    Instant modifiedAt;
    @Version long version;

    static Row of(DatumAlias alias) {
      Row row = new Row();
      row.id = alias.id().value();
      row.projectId = alias.project().value();
      row.name = alias.name();
      row.datumId = alias.datum().value();
      row.createdAt = alias.createdAt();
      row.modifiedAt = alias.modifiedAt();
      row.version = alias.version();
      return row;
    }

    DatumAlias alias() {
      return new DatumAlias(
          new DatumAliasId(id),
          new ProjectId(projectId),
          name,
          new DatumId(datumId),
          createdAt,
          modifiedAt,
          version);
    }
  }
}
