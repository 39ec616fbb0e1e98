package dev.millrace.persistence;

import static dev.millrace.persistence.Samples.NOW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.DuplicateRow;
import dev.millrace.engine.store.Scope;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every database must do for the ports; the same tests on H2 and on MariaDB. */
abstract class DatabaseContract {
  static final Scope ALL = new Scope.Everything();

  Database database;
  final Project project = Samples.project(1, "mnist");
  final EnvironmentId group = new EnvironmentId(Samples.id());

  /** An empty database. */
  abstract Database empty();

  static Scope owners(int... ids) {
    return new Scope.Owners(
        Set.copyOf(java.util.Arrays.stream(ids).mapToObj(OwnerId::new).toList()));
  }

  @BeforeEach
  final void insertProject() {
    database = empty();
    run(s -> s.projects().insert(project));
  }

  final void run(java.util.function.Consumer<dev.millrace.engine.store.Session> work) {
    database.transact(
        session -> {
          work.accept(session);
          return true;
        });
  }

  final boolean update(Execution execution, String kind) {
    return database.transact(
        s -> s.executions().update(execution, Samples.fact(execution.id(), kind)));
  }

  final Execution submitted(int counter) {
    Execution execution = Samples.execution(project.id(), group, counter);
    run(s -> s.executions().insert(execution, Samples.fact(execution.id(), "Submitted")));
    return execution;
  }

  final Execution stored(Execution execution) {
    return database.read(s -> s.executions().find(ALL, execution.id()).orElseThrow());
  }

  @Test
  final void anExecutionComesBackAsItWasStored() {
    Execution execution = submitted(1);
    assertEquals(execution, stored(execution));
  }

  @Test
  final void aChangeOfStateRaisesTheVersionAndStoresItsFact() {
    Execution execution = submitted(1);
    Execution settled = Samples.settled(execution, ExecutionStatus.ERROR);
    assertTrue(update(settled, "Settled"));
    assertEquals(Samples.at(settled, 2), stored(execution));
    assertEquals(
        java.util.List.of(1L, 2L),
        database.read(
            s -> s.facts().of(execution.id(), 10).stream().map(f -> f.sequence()).toList()));
  }

  @Test
  final void aLostCompareAndSetStoresNothing() {
    Execution execution = submitted(1);
    assertTrue(update(execution, "First"));
    assertFalse(update(execution, "Second"));
    assertEquals(
        java.util.List.of("Submitted", "First"),
        database.read(s -> s.facts().of(execution.id(), 10).stream().map(f -> f.kind()).toList()));
  }

  @Test
  final void aTakenNameIsADuplicateCalledName() {
    DuplicateRow duplicate =
        assertThrows(
            DuplicateRow.class, () -> run(s -> s.projects().insert(Samples.project(1, "mnist"))));
    assertEquals("name", duplicate.constraint());
  }

  @Test
  final void aProjectComesBackAsItWasStored() {
    assertEquals(
        Optional.of(project), database.read(s -> s.projects().find(owners(1), project.id())));
    assertEquals(Optional.empty(), database.read(s -> s.projects().find(owners(2), project.id())));
    assertEquals(NOW, project.createdAt());
  }
}
