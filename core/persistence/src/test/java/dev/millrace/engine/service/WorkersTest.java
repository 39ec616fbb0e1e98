package dev.millrace.engine.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.Lease;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.domain.WorkerId;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Slice;
import dev.millrace.persistence.H2Database;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class WorkersTest {
  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private Desk desk;
  private Workers workers;
  private Actor admin;

  @BeforeEach
  void open() {
    desk = new Desk(h2.database(), folder);
    workers =
        new Workers(
            h2.database(),
            new Access(),
            new Audit(desk.clock),
            new Settings(key -> null),
            desk.clock);
    admin = desk.admin();
  }

  @Test
  void aWorkerIsListedWithItsStateAndItsRuns() {
    Worker worker = joined(desk.environment.id());
    run(worker);
    Workers.View view = only(admin);
    assertEquals(worker.id(), view.worker().id());
    assertEquals("local", view.environment().slug());
    assertEquals(Workers.State.READY, view.state());
    assertEquals(1, view.runs());
    desk.clock.now = desk.clock.now.plus(Duration.ofSeconds(21));
    assertEquals(Workers.State.SILENT, only(admin).state());
  }

  @Test
  void oneThatDrainsIsShownSoAndMayTakeRunsAgain() {
    Worker worker = joined(desk.environment.id());
    assertEquals(Workers.State.DRAINING, workers.drain(admin, worker.id(), true).state());
    assertTrue(row(worker).draining());
    assertEquals(Workers.State.READY, workers.drain(admin, worker.id(), false).state());
    assertEquals(2, audited(worker));
  }

  @Test
  void oneWithRunsIsRemovedByForceOnly() {
    Worker worker = joined(desk.environment.id());
    run(worker);
    assertThrows(Conflict.class, () -> workers.remove(admin, worker.id(), false));
    assertTrue(row(worker).removedAt().isEmpty());
    assertEquals(0, audited(worker));
    workers.remove(admin, worker.id(), true);
    assertFalse(row(worker).removedAt().isEmpty());
    assertEquals(1, audited(worker));
    assertEquals(0, workers.list(admin, Optional.empty(), Slice.first(10)).total());
    assertThrows(NotFound.class, () -> workers.remove(admin, worker.id(), true));
  }

  @Test
  void workersOfASharedGroupAreUnknownToWhoIsNoAdministrator() {
    Worker worker = joined(desk.environment.id());
    assertEquals(0, workers.list(desk.ada, Optional.empty(), Slice.first(10)).total());
    assertThrows(NotFound.class, () -> workers.find(desk.ada, worker.id()));
    assertThrows(NotFound.class, () -> workers.drain(desk.ada, worker.id(), true));
    assertThrows(NotFound.class, () -> workers.remove(desk.ada, worker.id(), true));
    assertFalse(row(worker).draining());
  }

  @Test
  void anOwnersWorkersAreTheOwnersAlone() {
    Environment hers = desk.owned(desk.environment("hers"), desk.adas.owner());
    h2.database()
        .transact(
            s -> {
              s.environments().insert(hers);
              return true;
            });
    Worker worker = joined(hers.id());
    assertEquals(worker.id(), only(desk.ada).worker().id());
    assertEquals(Workers.State.DRAINING, workers.drain(desk.ada, worker.id(), true).state());
    assertThrows(NotFound.class, () -> workers.find(desk.bob, worker.id()));
    assertThrows(
        NotFound.class, () -> workers.list(desk.bob, Optional.of("hers"), Slice.first(10)));
  }

  private Workers.View only(Actor actor) {
    List<Workers.View> all = workers.list(actor, Optional.empty(), Slice.first(10)).items();
    assertEquals(1, all.size());
    return all.get(0);
  }

  private Worker row(Worker worker) {
    return h2.database().read(s -> s.workers().find(worker.id())).orElseThrow();
  }

  private int audited(Worker worker) {
    return h2.database()
        .read(s -> s.audit().list(Optional.of("worker:" + worker.id()), Slice.first(10)).items())
        .size();
  }

  private void run(Worker worker) {
    Execution execution = desk.run(desk.ada, desk.adas).execution();
    Lease lease = new Lease(worker.id(), Lease.State.HELD, "aa".repeat(32));
    desk.change(execution.id(), c -> c.status(ExecutionStatus.STARTED).lease(lease));
  }

  private Worker joined(EnvironmentId group) {
    Worker worker =
        new Worker(
            new WorkerId(desk.ids.next()),
            group,
            "w",
            desk.ids.next().toString(),
            "nonce",
            Optional.empty(),
            "0.0.0",
            "linux",
            "amd64",
            1,
            1,
            1,
            List.of(),
            List.of("process"),
            false,
            Optional.empty(),
            Optional.empty(),
            desk.clock.now,
            desk.clock.now,
            Optional.empty(),
            0,
            1);
    h2.database()
        .transact(
            s -> {
              s.workers().insert(worker);
              return true;
            });
    return worker;
  }
}
