package dev.millrace.engine.upkeep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.CodeArchive;
import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.SealedLog;
import dev.millrace.engine.loop.Deposed;
import dev.millrace.engine.loop.Leadership;
import dev.millrace.engine.service.Desk;
import dev.millrace.engine.service.NoSource;
import dev.millrace.engine.store.Scope;
import dev.millrace.persistence.H2Database;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class RemovalTest {
  private static final Scope ALL = new Scope.Everything();

  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private final AtomicLong nanos = new AtomicLong();
  private final NoSource source = new NoSource();
  private Desk desk;
  private Leadership leadership;
  private Removal removal;

  @BeforeEach
  void open() {
    desk = new Desk(h2.database(), folder);
    leadership = new Leadership(h2.database(), "me", nanos::get);
    leadership.tick();
    removal = new Removal(h2.database(), desk.blobs, source, leadership, desk.clock);
  }

  @Test
  void aDeletedExecutionGoesWithItsLogAndLeavesItsOutputs() {
    Execution gone = ended(desk.adas);
    Execution kept = ended(desk.adas);
    Datum output = output(gone);
    delete(gone);
    removal.pass(desk.clock.now);
    assertTrue(there(gone), "it was deleted only now");
    removal.pass(later());
    assertFalse(there(gone));
    assertTrue(there(kept));
    assertFalse(desk.blobs.held.containsKey(log(gone).key()));
    assertFalse(desk.blobs.held.containsKey(log(gone).indexKey()));
    assertTrue(desk.blobs.held.containsKey(log(kept).key()));
    assertTrue(desk.blobs.held.containsKey(output.key()));
    assertEquals(
        Optional.empty(),
        h2.database().read(s -> s.data().find(ALL, output.id())).orElseThrow().outputOf());
    removal.pass(later());
  }

  @Test
  void whileTheStoreIsAwayEverythingStays() {
    Execution gone = ended(desk.adas);
    delete(gone);
    desk.blobs.away = Optional.of("the store is away");
    removal.pass(later());
    assertTrue(there(gone));
    desk.blobs.away = Optional.empty();
    removal.pass(later());
    assertFalse(there(gone));
  }

  @Test
  void aDeletedProjectGoesWithAllThatItHasAndNothingOfOthers() {
    Execution gone = ended(desk.adas);
    Execution others = ended(desk.bobs);
    Datum output = output(gone);
    Datum foreign = output(others);
    delete(desk.adas);
    removal.pass(desk.clock.now);
    assertTrue(there(gone));
    removal.pass(later());
    assertFalse(there(gone));
    assertEquals(List.of(desk.adas.id()), source.forgotten);
    assertTrue(h2.database().read(s -> s.projects().find(ALL, desk.adas.id())).isEmpty());
    assertTrue(h2.database().read(s -> s.data().find(ALL, output.id())).isEmpty());
    assertFalse(desk.blobs.held.containsKey(output.key()));
    assertTrue(code(desk.adas).isEmpty(), "the code of its commits");
    assertTrue(there(others));
    assertTrue(desk.blobs.held.containsKey(foreign.key()));
    assertEquals(1, code(desk.bobs).size());
  }

  @Test
  void aProjectWaitsForAnExecutionThatStillRuns() {
    ExecutionId running = desk.run(desk.ada, desk.adas).execution().id();
    delete(desk.adas);
    removal.pass(later());
    assertTrue(h2.database().read(s -> s.projects().find(ALL, desk.adas.id())).isPresent());
    assertEquals(1, code(desk.adas).size());
    end(running);
    removal.pass(later());
    assertTrue(h2.database().read(s -> s.projects().find(ALL, desk.adas.id())).isEmpty());
  }

  @Test
  void aMasterThatDoesNotLeadRemovesNothing() {
    Execution gone = ended(desk.adas);
    delete(gone);
    leadership.close();
    assertThrows(Deposed.class, () -> removal.pass(later()));
    assertTrue(there(gone));
    assertTrue(desk.blobs.held.containsKey(log(gone).key()));
  }

  private Instant later() {
    return desk.clock.now.plus(Duration.ofDays(1));
  }

  private Execution ended(Project project) {
    return end(desk.run(project.equals(desk.adas) ? desk.ada : desk.bob, project).execution().id());
  }

  private Execution end(ExecutionId id) {
    SealedLog log = new SealedLog(desk.store.id(), "logs/" + id, "logs/" + id + ".index", 0);
    desk.blobs.held.put(log.key(), new byte[1]);
    desk.blobs.held.put(log.indexKey(), new byte[1]);
    return desk.change(
        id,
        c ->
            c.status(ExecutionStatus.COMPLETE)
                .endedAt(desk.clock.now)
                .settledAt(desk.clock.now)
                .log(log)
                .withoutLease());
  }

  private void delete(Execution execution) {
    desk.change(execution.id(), c -> c.deletedAt(desk.clock.now));
  }

  private void delete(Project p) {
    h2.database()
        .transact(
            s ->
                s.projects()
                    .update(
                        new Project(
                            p.id(),
                            p.owner(),
                            p.name(),
                            p.description(),
                            p.yamlPath(),
                            p.uploadStore(),
                            p.defaultEnvironment(),
                            p.createdAt(),
                            p.modifiedAt(),
                            Optional.of(desk.clock.now),
                            p.version())));
  }

  private Datum output(Execution of) {
    DatumId id = new DatumId(desk.ids.next());
    Datum datum =
        new Datum(
            id,
            of.project(),
            Optional.of(of.id()),
            "model.bin",
            3,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            desk.store.id(),
            "data/" + id,
            "file:///data/" + id,
            List.of(),
            "{}",
            desk.clock.now,
            desk.clock.now,
            desk.clock.now,
            Optional.empty(),
            1);
    h2.database().transact(s -> s.data().insert(datum));
    desk.blobs.held.put(datum.key(), new byte[3]);
    return datum;
  }

  private List<String> code(Project project) {
    return desk.blobs.held.keySet().stream()
        .filter(key -> key.startsWith(CodeArchive.prefix(project.id())))
        .toList();
  }

  private SealedLog log(Execution execution) {
    return execution.log().orElseThrow();
  }

  private boolean there(Execution execution) {
    return h2.database().read(s -> s.executions().find(ALL, execution.id())).isPresent();
  }
}
