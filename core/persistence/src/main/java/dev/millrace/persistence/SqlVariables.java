package dev.millrace.persistence;

import dev.millrace.engine.domain.EnvironmentValue;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.Sealed;
import dev.millrace.engine.domain.VariableGroup;
import dev.millrace.engine.domain.VariableGroupId;
import dev.millrace.engine.store.Rows;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Slice;
import dev.millrace.engine.store.VariableStore;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.hibernate.StatelessSession;
import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;

/** Environment variables of projects and groups, and the groups. */
final class SqlVariables implements VariableStore {
  private final StatelessSession session;
  private final Table table;
  private final Jdbc jdbc;

  SqlVariables(StatelessSession session) {
    this.session = session;
    this.table = new Table(session);
    this.jdbc = new Jdbc(session);
  }

  @Override
  public List<EnvironmentValue> of(UUID holder) {
    return jdbc.list(
        row ->
            new EnvironmentValue(
                row.getString(1),
                Optional.ofNullable(row.getString(2)),
                Optional.ofNullable(row.getString(3)).map(Sealed::new)),
        "select name, plain_value, sealed_value from environment_variable"
            + " where holder_id = ? order by name",
        holder);
  }

  @Override
  public void put(UUID holder, EnvironmentValue variable) {
    @Nullable String plain = variable.value().orElse(null);
    @Nullable String sealed = variable.sealed().map(Sealed::text).orElse(null);
    if (!jdbc.insert(
        "insert into environment_variable (plain_value, sealed_value, holder_id, name)"
            + " values (?, ?, ?, ?)",
        plain,
        sealed,
        holder,
        variable.name())) {
      jdbc.change(
          "update environment_variable set plain_value = ?, sealed_value = ?"
              + " where holder_id = ? and name = ?",
          plain,
          sealed,
          holder,
          variable.name());
    }
  }

  @Override
  public boolean remove(UUID holder, String name) {
    return jdbc.change(
            "delete from environment_variable where holder_id = ? and name = ?", holder, name)
        == 1;
  }

  @Override
  public void insert(VariableGroup group) {
    table.insert(Row.of(group));
  }

  @Override
  public boolean update(VariableGroup group) {
    return table.update(Row.of(group));
  }

  @Override
  public void remove(VariableGroupId id) {
    jdbc.change("delete from environment_variable where holder_id = ?", id.value());
    jdbc.change("delete from variable_group where id = ?", id.value());
  }

  @Override
  public Optional<VariableGroup> find(Scope scope, VariableGroupId id) {
    return from()
        .owned(scope, "g.ownerId")
        .and("g.id = :id", "id", id.value())
        .first(Row.class, "g", "g.id")
        .map(Row::group);
  }

  @Override
  public Optional<VariableGroup> byName(OwnerId owner, String name) {
    return from()
        .and("g.ownerId = :owner", "owner", owner.value())
        .and("g.name = :name", "name", name)
        .first(Row.class, "g", "g.id")
        .map(Row::group);
  }

  @Override
  public Rows<VariableGroup> groups(Scope scope, Slice slice) {
    return from().owned(scope, "g.ownerId").rows(Row.class, "g", "g.name, g.id", slice, Row::group);
  }

  private Hql from() {
    return new Hql(session, "from VariableGroup g");
  }

  /** A group of variables. */
  @NullUnmarked
  @Entity(name = "VariableGroup")
  @jakarta.persistence.Table(name = "variable_group")
  static class Row {
    @Id UUID id;
    int ownerId;
    String name;
    String description;
    Instant createdAt;
    Instant modifiedAt;
    @Version long version;

    static Row of(VariableGroup group) {
      Row row = new Row();
      row.id = group.id().value();
      row.ownerId = group.owner().value();
      row.name = group.name();
      row.description = group.description();
      row.createdAt = group.createdAt();
      row.modifiedAt = group.modifiedAt();
      row.version = group.version();
      return row;
    }

    VariableGroup group() {
      return new VariableGroup(
          new VariableGroupId(id),
          new OwnerId(ownerId),
          name,
          description,
          createdAt,
          modifiedAt,
          version);
    }
  }
}
