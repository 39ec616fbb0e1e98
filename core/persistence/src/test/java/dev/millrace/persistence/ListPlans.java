package dev.millrace.persistence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.store.ExecutionFilter;
import dev.millrace.engine.store.ExecutionFilter.Order;
import dev.millrace.engine.store.Keys;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.Slice;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.hibernate.StatelessSession;
import org.junit.jupiter.api.Test;

/** What the database makes of the queries for lists, where there are more rows than it may sort. */
abstract class ListPlans extends Contract {
  private static final int ROWS = 6_000;

  /** A table with a column {@code n}, from 1 to that number. */
  abstract String numbers(int most);

  private StatelessSession hibernate(Session session) {
    return ((SqlSession) session).hibernate();
  }

  private void fill() {
    Project other = Samples.project(1, "other");
    write(s -> s.projects().insert(other));
    Execution template = submitted(1);
    List<String> columns = columns();
    String kept = String.join(", ", columns);
    String copied = "e." + String.join(", e.", columns);
    for (ProjectId of : List.of(project.id(), other.id())) {
      write(
          s ->
              new Jdbc(hibernate(s))
                  .change(
                      "insert into execution (id, project_id, counter, created_at, "
                          + kept
                          + ") select "
                          + id()
                          + ", ?, s.n + 1000, e.created_at + s.n * 1000, "
                          + copied
                          + " from execution e cross join "
                          + numbers(ROWS / 2)
                          + " s where e.id = ?",
                      of.value(),
                      template.id().value()));
    }
    write(s -> hibernate(s).doWork(ListPlans::analyze));
  }

  private static void analyze(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("analyze table execution");
    }
  }

  /** An expression for a new key. */
  abstract String id();

  private List<String> columns() {
    return read(
        s ->
            new Jdbc(hibernate(s))
                .list(
                    row -> row.getString(1).toLowerCase(Locale.ROOT),
                    "select column_name from information_schema.columns where lower(table_name) ="
                        + " 'execution' and lower(table_schema) in ('public', 'millrace') and"
                        + " lower(column_name) not in ('id', 'project_id', 'counter',"
                        + " 'created_at', 'restart_of')"));
  }

  private String plan(Scope scope, ExecutionFilter filter) {
    return read(
        s -> {
          KeyQuery.Bound bound =
              new ExecutionLists(hibernate(s)).statement(scope, filter, Slice.first(100));
          return String.join(
                  "\n",
                  new Jdbc(hibernate(s))
                      .list(this::planLine, "explain " + bound.sql(), bound.values().toArray()))
              .toLowerCase(Locale.ROOT);
        });
  }

  /** What one line of a plan says of the index that is used, and of sorting. */
  abstract String planLine(ResultSet row) throws SQLException;

  private static ExecutionFilter filter(
      Optional<ProjectId> of, Set<ExecutionStatus> statuses, Optional<String> step) {
    return new ExecutionFilter(
        of,
        statuses,
        Set.of(),
        Optional.empty(),
        step,
        Optional.empty(),
        Optional.of(false),
        Order.CREATED_DESC);
  }

  /** Whether the plan reads the rows in their order, so that it ends with the page. */
  abstract boolean sorted(String plan);

  @Test
  final void aPageIsReadAlongAnIndex() {
    fill();
    String everywhere = plan(owners(1), filter(Optional.empty(), Set.of(), Optional.empty()));
    assertTrue(everywhere.contains("ix_execution_newest"), everywhere);
    assertTrue(sorted(everywhere), everywhere);
    String ofOne = plan(owners(1), filter(Optional.of(project.id()), Set.of(), Optional.empty()));
    // Of a project that holds nearly all rows either of the two reads no more than the page.
    assertTrue(
        ofOne.contains("ix_execution_listed") || ofOne.contains("ix_execution_newest"), ofOne);
    assertTrue(sorted(ofOne), ofOne);
    String byStatus =
        plan(
            owners(1),
            filter(Optional.of(project.id()), Set.of(ExecutionStatus.ERROR), Optional.empty()));
    assertTrue(byStatus.contains("ix_execution_states"), byStatus);
    String byStep =
        plan(owners(1), filter(Optional.of(project.id()), Set.of(), Optional.of("none")));
    assertTrue(byStep.contains("ix_execution_"), byStep);
    assertFalse(byStep.contains("ix_execution_newest"), byStep);
    Keys<ExecutionId> last =
        read(
            s ->
                s.executions()
                    .keys(
                        owners(1),
                        filter(Optional.empty(), Set.of(), Optional.empty()),
                        new Slice(ROWS - 10, 100)));
    assertEquals(ROWS + 1, last.total());
    assertEquals(11, last.keys().size());
  }
}
