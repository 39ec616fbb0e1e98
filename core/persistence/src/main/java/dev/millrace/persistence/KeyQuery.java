package dev.millrace.persistence;

import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.store.Keys;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Slice;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.hibernate.StatelessSession;
import org.jspecify.annotations.Nullable;

/**
 * Finds the keys of one part of a list of what belongs to projects, along an index and without the
 * rows.
 */
final class KeyQuery {
  /** With more rows than these in the list it is dearer to sort them than to walk the index. */
  private static final int SORTED = 5_000;

  /** More projects than these are found by a join. */
  private static final int LISTED_PROJECTS = 1_000;

  private static final String GIVEN =
      "exists (select 1 from team_project g where g.project_id = p.id and g.team_id in (%s))";

  private final StatelessSession session;
  private final Jdbc jdbc;
  private final String table;
  private final List<String> conditions = new ArrayList<>();
  private final List<@Nullable Object> values = new ArrayList<>();
  private boolean nothing;

  /** Rows are called {@code r}. */
  KeyQuery(StatelessSession session, String table) {
    this.session = session;
    this.jdbc = new Jdbc(session);
    this.table = table;
  }

  KeyQuery and(String condition, Object... bound) {
    conditions.add(condition);
    Collections.addAll(values, bound);
    return this;
  }

  <T> KeyQuery and(Optional<T> narrowing, String condition, Function<T, Object> value) {
    narrowing.ifPresent(n -> and(condition, value.apply(n)));
    return this;
  }

  KeyQuery in(String column, Collection<?> some) {
    return some.isEmpty() ? this : and(column + " in (" + marks(some.size()) + ")", some.toArray());
  }

  /** Keeps what belongs to that project, or to any, that the scope has. */
  KeyQuery inProjects(Scope scope, Optional<ProjectId> project) {
    if (!(scope instanceof Scope.Owners some)) {
      return and(project, "r.project_id = ?", ProjectId::value);
    }
    if (some.owners().isEmpty()) {
      nothing = true;
      return this;
    }
    List<Object> owners = some.owners().stream().<Object>map(OwnerId::value).toList();
    String marks = marks(owners.size());
    String living =
        "p.deleted_at is null and (p.owner_id in (%s) or %s)"
            .formatted(marks, GIVEN.formatted(marks));
    List<@Nullable Object> bound = new ArrayList<>(owners);
    bound.addAll(owners);
    project.ifPresent(id -> bound.add(id.value()));
    List<UUID> seen =
        jdbc.list(
            row -> Micros.uuid(row.getBytes(1)),
            "select p.id from project p where "
                + living
                + (project.isPresent() ? " and p.id = ?" : "")
                + " limit "
                + (LISTED_PROJECTS + 1),
            bound.toArray());
    if (seen.isEmpty()) {
      nothing = true;
    } else if (seen.size() == 1) {
      and("r.project_id = ?", seen.get(0));
    } else if (seen.size() <= LISTED_PROJECTS) {
      in("r.project_id", seen);
    } else {
      and("exists (select 1 from project p where p.id = r.project_id and " + living + ")");
      values.addAll(bound);
    }
    return this;
  }

  /**
   * The keys in that order.
   *
   * @param walked the index to walk where the list is long and nothing else narrows it
   */
  Keys<UUID> keys(String order, Slice slice, Optional<String> walked) {
    if (nothing) {
      return new Keys<>(List.of(), 0);
    }
    long total = count();
    if (slice.limit() == 0 || slice.offset() >= total) {
      return new Keys<>(List.of(), total);
    }
    Bound page = page(order, slice, walked.filter(index -> total > SORTED));
    return new Keys<>(
        jdbc.list(row -> Micros.uuid(row.getBytes(1)), page.sql(), page.values().toArray()), total);
  }

  /** The statement that finds the keys. */
  Bound page(String order, Slice slice, Optional<String> walked) {
    List<@Nullable Object> bound = new ArrayList<>(values);
    bound.add(slice.limit());
    bound.add(slice.offset());
    return new Bound(
        "select r.id from "
            + table
            + " r"
            + walked.map(this::hint).orElse("")
            + where()
            + " order by "
            + order
            + " limit ? offset ?",
        bound);
  }

  /** A statement with what its marks stand for. */
  record Bound(String sql, List<@Nullable Object> values) {}

  private long count() {
    return jdbc.first(
            (ResultSet row) -> row.getLong(1),
            "select count(*) from " + table + " r" + where(),
            values.toArray())
        .orElse(0L);
  }

  private String where() {
    return conditions.isEmpty() ? "" : " where " + String.join(" and ", conditions);
  }

  /** H2 knows one word for it, and MariaDB's for the same leaves the choice to its planner. */
  private String hint(String index) {
    return (h2(session) ? " use index (" : " force index (") + index + ")";
  }

  static boolean h2(StatelessSession session) {
    return session.doReturningWork(
        connection -> connection.getMetaData().getDatabaseProductName().startsWith("H2"));
  }

  private static String marks(int count) {
    return String.join(", ", Collections.nCopies(count, "?"));
  }
}
