package dev.millrace.persistence;

import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.store.ExecutionFilter;
import dev.millrace.engine.store.Keys;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Slice;
import dev.millrace.engine.store.Stretch;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.hibernate.StatelessSession;

/** Lists of executions: which they are along an index, then their rows and specs in stretches. */
final class ExecutionLists {
  private static final Stretches ROWS =
      new Stretches(
          "Execution e join ExecutionSpec s on s.executionId = e.id",
          "e.id",
          "length(e.title) + length(e.tags) + length(s.spec)",
          "e, s.spec");

  private final StatelessSession session;

  ExecutionLists(StatelessSession session) {
    this.session = session;
  }

  Keys<ExecutionId> keys(Scope scope, ExecutionFilter filter, Slice slice) {
    Keys<UUID> keys = query(scope, filter).keys(order(filter), slice, walked(filter));
    return new Keys<>(keys.keys().stream().map(ExecutionId::new).toList(), keys.total());
  }

  /** How the keys of a long list are found. */
  KeyQuery.Bound statement(Scope scope, ExecutionFilter filter, Slice slice) {
    return query(scope, filter).page(order(filter), slice, walked(filter));
  }

  private KeyQuery query(Scope scope, ExecutionFilter filter) {
    KeyQuery query =
        new KeyQuery(session, "execution")
            .inProjects(scope, filter.project())
            .and(filter.creator(), "r.creator_id = ?", OwnerId::value)
            .and(filter.step(), "r.step = ?", step -> step)
            .and(filter.environment(), "r.environment_id = ?", EnvironmentId::value)
            .in("r.status", filter.statuses().stream().map(ExecutionStatus::name).sorted().toList())
            .in("r.counter", filter.counters());
    filter
        .deleted()
        .ifPresent(gone -> query.and(gone ? "r.deleted_at is not null" : "r.deleted_at is null"));
    return query;
  }

  Stretch<Execution> read(List<ExecutionId> keys) {
    return ROWS.read(
        session,
        keys.stream().map(ExecutionId::value).toList(),
        Object[].class,
        row -> ((ExecutionRow) row[0]).id,
        row -> ((ExecutionRow) row[0]).execution((String) row[1]));
  }

  Map<ExecutionId, Integer> counters(Set<ExecutionId> ids) {
    Map<ExecutionId, Integer> counters = new HashMap<>();
    if (!ids.isEmpty()) {
      new Hql(session, "from Execution e")
          .and("e.id in :ids", "ids", ids.stream().map(ExecutionId::value).toList())
          .list(Object[].class, "e.id, e.counter", "e.id", Slice.first(ids.size()))
          .forEach(row -> counters.put(new ExecutionId((UUID) row[0]), (Integer) row[1]));
    }
    return counters;
  }

  /** The index to walk for a list of all projects, by time. */
  private static Optional<String> walked(ExecutionFilter filter) {
    return alongTime(filter) && filter.project().isEmpty()
        ? Optional.of("ix_execution_newest")
        : Optional.empty();
  }

  private static boolean alongTime(ExecutionFilter filter) {
    boolean narrowed =
        filter.creator().isPresent()
            || filter.step().isPresent()
            || filter.environment().isPresent()
            || !filter.statuses().isEmpty()
            || !filter.counters().isEmpty();
    return !narrowed
        && filter.deleted().filter(gone -> !gone).isPresent()
        && (filter.order() == ExecutionFilter.Order.CREATED
            || filter.order() == ExecutionFilter.Order.CREATED_DESC);
  }

  private String order(ExecutionFilter filter) {
    return switch (filter.order()) {
      case COUNTER -> "r.counter, r.created_at, r.id";
      case COUNTER_DESC -> "r.counter desc, r.created_at desc, r.id desc";
      case CREATED -> constants(filter, "") + "r.created_at, r.id";
      case CREATED_DESC -> constants(filter, " desc") + "r.created_at desc, r.id desc";
    };
  }

  /**
   * Columns that are the same in all rows: H2 sees by them that an index is in this order, and
   * MariaDB sees it without them only.
   */
  private String constants(ExecutionFilter filter, String direction) {
    if (!alongTime(filter) || !KeyQuery.h2(session)) {
      return "";
    }
    String project = filter.project().isPresent() ? "r.project_id" + direction + ", " : "";
    return project + "r.deleted_at" + direction + ", ";
  }
}
