package dev.millrace.engine.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.LogLengths;
import dev.millrace.engine.domain.StopOrder;
import dev.millrace.engine.store.DatumFilter;
import dev.millrace.engine.store.ExecutionFilter;
import dev.millrace.engine.store.Slice;
import dev.millrace.persistence.H2Database;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class ExecutionsTest {
  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private Desk desk;
  private ExecutionId id;
  private String name;

  @BeforeEach
  void open() {
    desk = new Desk(h2.database(), folder);
    id = desk.run(desk.ada, desk.adas).execution().id();
    name = id.toString();
  }

  @Test
  void anExecutionIsFoundByIdByCounterAndAsTheLatest() {
    String project = desk.adas.id().toString();
    ExecutionView second = desk.run(desk.ada, desk.adas);
    assertEquals(id, find(project + ":1").execution().id());
    assertEquals(second.execution().id(), find(project + ":latest").execution().id());
    assertEquals(id, find(name.replace("-", "")).execution().id());
    for (String none : List.of(project + ":9", project + ":x", "x", project + ":", ":1")) {
      assertThrows(NotFound.class, () -> find(none), none);
    }
  }

  @Test
  void anotherUserFindsNothingByAnyNameAndChangesNothing() {
    String byCounter = desk.adas.id() + ":1";
    Datum datum = desk.output(find(name), "a.txt");
    for (String any : List.of(name, byCounter, desk.adas.id() + ":latest")) {
      assertThrows(NotFound.class, () -> desk.executions.find(desk.bob, any, true, true));
      assertThrows(NotFound.class, () -> desk.executions.stop(desk.bob, any));
      assertThrows(NotFound.class, () -> desk.executions.delete(desk.bob, any));
      assertThrows(NotFound.class, () -> desk.executions.tag(desk.bob, any, List.of("x")));
      assertThrows(NotFound.class, () -> desk.executions.events(desk.bob, any, 0));
      assertThrows(NotFound.class, () -> desk.executions.statusEvents(desk.bob, any));
      assertThrows(NotFound.class, () -> desk.executions.outputs(desk.bob, any));
      assertThrows(NotFound.class, () -> desk.executions.metadata(desk.bob, any, 0, 1));
    }
    String file = datum.id().toString();
    assertThrows(NotFound.class, () -> desk.data.find(desk.bob, file));
    assertThrows(NotFound.class, () -> desk.data.download(desk.bob, file, "http://x"));
    assertThrows(NotFound.class, () -> desk.data.purge(desk.bob, file));
    assertEquals(0, list(desk.bob, Optional.of(false)));
    assertEquals(ExecutionStatus.CREATED, find(name).shown());
  }

  @Test
  void whatNobodyHasStartedIsStoppedAtOnceAndStaysSo() {
    assertEquals(ExecutionStatus.STOPPED, desk.executions.stop(desk.ada, name).shown());
    ExecutionView again = desk.executions.stop(desk.ada, name);
    assertEquals(ExecutionStatus.STOPPED, again.shown());
    assertTrue(again.execution().settledAt().isPresent());
    assertTrue(again.execution().waiting().isEmpty());
  }

  @Test
  void aRunningExecutionIsAskedFirstAndKilledOnTheSecondStop() {
    start();
    assertEquals(ExecutionStatus.STOPPING, desk.executions.stop(desk.ada, name).shown());
    assertEquals(StopOrder.STOP, find(name).execution().stop());
    desk.executions.stop(desk.ada, name);
    assertEquals(StopOrder.KILL, find(name).execution().stop());
    desk.executions.stop(desk.ada, name);
    assertEquals(ExecutionStatus.STOPPING, find(name).shown());
  }

  @Test
  void stoppingWhatHasEndedChangesNothing() {
    start();
    end();
    desk.executions.stop(desk.ada, name);
    assertEquals(ExecutionStatus.COMPLETE, find(name).execution().status());
  }

  @Test
  void theFinalStatusShowsWhenAllIsSettled() {
    start();
    desk.change(id, c -> c.status(ExecutionStatus.COMPLETE).exitCode(0).endedAt(desk.clock.now));
    assertEquals(ExecutionStatus.STARTED, find(name).shown());
    desk.change(id, c -> c.settledAt(desk.clock.now).logLengths(new LogLengths(0, 0, 0)));
    assertEquals(ExecutionStatus.COMPLETE, find(name).shown());
  }

  @Test
  void whoeverPollsTheLogSeesTheEndTwoSecondsLater() {
    start();
    desk.executions.events(desk.ada, name, 100).close();
    desk.clock.now = desk.clock.now.plusSeconds(1);
    end();
    assertEquals(ExecutionStatus.STARTED, find(name).shown());
    desk.clock.now = desk.clock.now.plusMillis(1_900);
    assertEquals(ExecutionStatus.STARTED, find(name).shown());
    desk.clock.now = desk.clock.now.plusMillis(100);
    assertEquals(ExecutionStatus.COMPLETE, find(name).shown());
  }

  @Test
  void onlyEndedExecutionsCanBeDeleted() {
    assertThrows(Conflict.class, () -> desk.executions.delete(desk.ada, name));
    desk.executions.stop(desk.ada, name);
    desk.executions.delete(desk.ada, name);
    assertEquals(0, list(desk.ada, Optional.of(false)));
    assertEquals(1, list(desk.ada, Optional.of(true)));
    assertThrows(NotFound.class, () -> find(desk.adas.id() + ":1"));
    assertTrue(find(name).execution().deletedAt().isPresent());
  }

  @Test
  void tagsAreAddedOnce() {
    desk.executions.tag(desk.ada, name, List.of("a", "b"));
    ExecutionView view = desk.executions.tag(desk.ada, name, List.of("b", "c"));
    assertEquals(List.of("a", "b", "c"), view.execution().tags());
    assertThrows(Invalid.class, () -> desk.executions.tag(desk.ada, name, List.of("bad\0tag")));
  }

  @Test
  void outputsAreListedWithTheirExecutionAndPurgedOnlyOnce() {
    Datum datum = desk.output(find(name), "model.bin");
    String file = datum.id().toString();
    assertEquals(
        1, desk.executions.outputs(desk.ada, name).next().get(0).execution().orElseThrow());
    assertEquals(
        "http://here/transfer/" + datum.key(), desk.data.download(desk.ada, file, "http://here"));
    desk.data.purge(desk.ada, file);
    desk.data.purge(desk.ada, file);
    assertFalse(desk.blobs.held.containsKey(datum.key()));
    assertTrue(desk.data.find(desk.ada, file).datum().purgedAt().isPresent());
    assertThrows(Conflict.class, () -> desk.data.download(desk.ada, file, "http://here"));
    DatumFilter all =
        new DatumFilter(
            Optional.of(desk.adas.id()),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            true);
    assertEquals(1, desk.data.list(desk.ada, all, Slice.first(10)).total());
    assertEquals(0, desk.data.list(desk.bob, all, Slice.first(10)).total());
  }

  private void start() {
    desk.change(id, c -> c.status(ExecutionStatus.STARTED).startedAt(desk.clock.now).notWaiting());
  }

  private void end() {
    desk.change(
        id,
        c ->
            c.status(ExecutionStatus.COMPLETE)
                .exitCode(0)
                .endedAt(desk.clock.now)
                .settledAt(desk.clock.now)
                .logLengths(new LogLengths(0, 0, 0)));
  }

  private ExecutionView find(String any) {
    return desk.executions.find(desk.ada, any, false, false).view();
  }

  private long list(dev.millrace.engine.domain.Actor actor, Optional<Boolean> deleted) {
    return desk.executions
        .list(
            actor,
            new ExecutionFilter(
                Optional.of(desk.adas.id()),
                Set.of(),
                Set.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                deleted,
                ExecutionFilter.Order.COUNTER_DESC),
            Slice.first(10))
        .total();
  }
}
