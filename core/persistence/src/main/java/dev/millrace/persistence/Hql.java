package dev.millrace.persistence;

import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.store.Keys;
import dev.millrace.engine.store.Rows;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Slice;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.hibernate.StatelessSession;
import org.hibernate.query.SelectionQuery;

/** A selection that is narrowed step by step; the same conditions serve the page and the count. */
final class Hql {
  /** The owner of shared rows: the installation. */
  static final int SHARED = 0;

  private final StatelessSession session;
  private final StringBuilder from;
  private final List<String> conditions = new ArrayList<>();
  private final Map<String, Object> values = new LinkedHashMap<>();
  private String fetch = "";

  Hql(StatelessSession session, String from) {
    this.session = session;
    this.from = new StringBuilder(from);
  }

  Hql and(String condition) {
    conditions.add(condition);
    return this;
  }

  Hql and(String condition, String name, Object value) {
    conditions.add(condition);
    values.put(name, value);
    return this;
  }

  <T> Hql and(Optional<T> narrowing, String condition, String name, Function<T, Object> value) {
    narrowing.ifPresent(n -> and(condition, name, value.apply(n)));
    return this;
  }

  /** Joined for the rows, but not for their count. */
  Hql fetching(String join) {
    fetch = " " + join;
    return this;
  }

  /** Keeps rows whose project, of that id, is living and in the scope. */
  Hql inProject(Scope scope, String projectId) {
    if (scope instanceof Scope.Owners some) {
      from.append(" join Project scoped on scoped.id = ").append(projectId);
      livingProject(some, "scoped");
    }
    return this;
  }

  /** Keeps living projects of the owners in the scope, and those that were given to one of them. */
  Hql livingProject(Scope.Owners scope, String project) {
    and(project + ".deletedAt is null");
    return and(
        "(%1$s.ownerId in :owners or exists (select 1 from TeamProject given where given.projectId = %1$s.id and given.teamId in :owners))"
            .formatted(project),
        "owners",
        ids(scope));
  }

  /** Keeps rows of the owners in the scope. */
  Hql owned(Scope scope, String ownerId) {
    if (scope instanceof Scope.Owners some) {
      and(ownerId + " in :owners", "owners", ids(some));
    }
    return this;
  }

  /** Keeps rows of the owners in the scope, and shared ones. */
  Hql ownedOrShared(Scope scope, String ownerId) {
    if (scope instanceof Scope.Owners some) {
      List<Integer> owners = new ArrayList<>(ids(some));
      owners.add(SHARED);
      and(ownerId + " in :owners", "owners", owners);
    }
    return this;
  }

  <R> List<R> list(Class<R> type, String select, String order, Slice slice) {
    if (slice.limit() == 0) {
      return List.of();
    }
    SelectionQuery<R> query =
        session.createSelectionQuery(
            "select " + select + " " + from + fetch + where() + " order by " + order, type);
    values.forEach(query::setParameter);
    return query.setFirstResult(slice.offset()).setMaxResults(slice.limit()).getResultList();
  }

  <R> Optional<R> first(Class<R> type, String select, String order) {
    return list(type, select, order, Slice.first(1)).stream().findFirst();
  }

  /** All rows, without an order: for counts by group. */
  List<Object[]> groups(String select, String by) {
    SelectionQuery<Object[]> query =
        session.createSelectionQuery(
            "select " + select + " " + from + where() + " group by " + by, Object[].class);
    values.forEach(query::setParameter);
    return query.getResultList();
  }

  /** The keys in that order, without their rows. */
  Keys<UUID> keys(String id, String order, Slice slice) {
    List<UUID> keys = list(UUID.class, id, order, slice);
    boolean last = !keys.isEmpty() && keys.size() < slice.limit();
    return new Keys<>(keys, last ? slice.offset() + keys.size() : count());
  }

  <R, T> Rows<T> rows(
      Class<R> type, String select, String order, Slice slice, Function<R, T> value) {
    List<T> items = list(type, select, order, slice).stream().map(value).toList();
    boolean last = !items.isEmpty() && items.size() < slice.limit();
    return new Rows<>(items, last ? slice.offset() + items.size() : count());
  }

  private long count() {
    SelectionQuery<Long> query =
        session.createSelectionQuery("select count(*) " + from + where(), Long.class);
    values.forEach(query::setParameter);
    return query.getSingleResult();
  }

  private String where() {
    return conditions.isEmpty() ? "" : " where " + String.join(" and ", conditions);
  }

  private static List<Integer> ids(Scope.Owners scope) {
    return scope.owners().stream().map(OwnerId::value).toList();
  }
}
