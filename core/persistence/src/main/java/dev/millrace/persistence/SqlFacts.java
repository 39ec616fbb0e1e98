package dev.millrace.persistence;

import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.Fact;
import dev.millrace.engine.domain.JournalEntry;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.store.FactStore;
import dev.millrace.engine.store.Scope;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.hibernate.StatelessSession;
import org.jspecify.annotations.Nullable;

/** The journal. */
final class SqlFacts implements FactStore {
  private static final String SELECT =
      "select execution_id, sequence_number, kind, happened_at, data_json, journal_position"
          + " from fact ";

  private final Jdbc jdbc;

  SqlFacts(StatelessSession session) {
    this.jdbc = new Jdbc(session);
  }

  void insert(Fact fact, long sequence) {
    jdbc.change(
        "insert into fact (execution_id, sequence_number, kind, happened_at, data_json)"
            + " values (?, ?, ?, ?, ?)",
        fact.execution().value(),
        sequence,
        fact.kind(),
        fact.at(),
        fact.data());
  }

  @Override
  public List<Fact> of(ExecutionId execution, int limit) {
    return jdbc.list(
        SqlFacts::fact,
        SELECT + "where execution_id = ? order by sequence_number limit ?",
        execution.value(),
        limit);
  }

  @Override
  public int stamp(int limit) {
    List<Long> waiting = unstamped(limit);
    if (waiting.isEmpty()) {
      return 0;
    }
    // The row's lock is held until the commit: positions become visible in their order, whoever
    // stamps. Who had
    // to wait for it must look again, since the one before has stamped what was seen without the
    // lock.
    jdbc.change("update journal set last_position = last_position + 0 where id = 1");
    waiting = unstamped(limit);
    long last =
        jdbc.first(
                row -> row.getLong(1), "select last_position from journal where id = 1 for update")
            .orElseThrow();
    List<@Nullable Object[]> stamps = new ArrayList<>();
    for (long id : waiting) {
      stamps.add(new @Nullable Object[] {++last, id});
    }
    jdbc.changeEach("update fact set journal_position = ? where id = ?", stamps);
    jdbc.change("update journal set last_position = ? where id = 1", last);
    return stamps.size();
  }

  @Override
  public List<Fact> after(long position, int limit) {
    return jdbc.list(
        SqlFacts::fact,
        SELECT + "where journal_position > ? order by journal_position limit ?",
        position,
        limit);
  }

  @Override
  public long last() {
    return jdbc.first(row -> row.getLong(1), "select last_position from journal where id = 1")
        .orElse(0L);
  }

  @Override
  public List<JournalEntry> between(Scope scope, long after, long to, int limit) {
    List<@Nullable Object> values = new ArrayList<>(List.of(after, to));
    String owned = "";
    if (scope instanceof Scope.Owners some) {
      if (some.owners().isEmpty()) {
        return List.of();
      }
      List<Integer> owners = some.owners().stream().map(OwnerId::value).toList();
      String marks = String.join(", ", Collections.nCopies(owners.size(), "?"));
      owned =
          " and (p.owner_id in (%1$s) or exists (select 1 from team_project g where g.project_id = p.id and g.team_id in (%1$s)))"
              .formatted(marks);
      values.addAll(owners);
      values.addAll(owners);
    }
    values.add(limit);
    return jdbc.list(
        row -> {
          Fact fact = fact(row);
          return new JournalEntry(
              row.getLong(6), fact, new ProjectId(Micros.uuid(row.getBytes(7))), row.getInt(8));
        },
        "select f.execution_id, f.sequence_number, f.kind, f.happened_at, f.data_json,"
            + " f.journal_position, e.project_id, e.counter from fact f"
            + " join execution e on e.id = f.execution_id join project p on p.id = e.project_id"
            + " where f.journal_position > ? and f.journal_position <= ? and p.deleted_at is null"
            + owned
            + " order by f.journal_position limit ?",
        values.toArray());
  }

  /** Committed ones only: the sessions read committed rows. */
  private List<Long> unstamped(int limit) {
    return jdbc.list(
        row -> row.getLong(1),
        "select id from fact where journal_position is null order by id limit ?",
        limit);
  }

  private static Fact fact(ResultSet row) throws SQLException {
    long position = row.getLong(6);
    Optional<Long> stamped = row.wasNull() ? Optional.empty() : Optional.of(position);
    return new Fact(
        new ExecutionId(Micros.uuid(row.getBytes(1))),
        row.getLong(2),
        row.getString(3),
        Micros.time(row.getLong(4)),
        row.getString(5),
        stamped);
  }
}
