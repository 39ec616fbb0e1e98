package dev.millrace.persistence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionChange;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.Lease;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.StoreId;
import dev.millrace.engine.domain.WorkerId;
import dev.millrace.engine.store.ExecutionStore.Beat;
import dev.millrace.engine.store.NodeStore;
import dev.millrace.engine.store.WaitingStore.Batch;
import dev.millrace.engine.store.WaitingStore.Code;
import dev.millrace.engine.store.WaitingStore.Head;
import dev.millrace.engine.store.WaitingStore.Kind;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What every database does with executions that wait. */
abstract class WaitingContract extends Contract {
  private Execution queued(int counter, int priority) {
    Execution made = submitted(counter);
    assertTrue(
        update(
            ExecutionChange.of(made)
                .status(ExecutionStatus.QUEUED)
                .priority(priority)
                .queuedAt(Samples.NOW.plusSeconds(counter))
                .at(Samples.NOW),
            "Queued"));
    return stored(made);
  }

  private Execution created(int counter) {
    Execution made = submitted(counter);
    assertTrue(
        update(
            ExecutionChange.of(made).status(ExecutionStatus.CREATED).at(Samples.NOW), "Created"));
    return stored(made);
  }

  @Test
  final void aLineShowsItsFirstAndThoseOfASetCanBeLeftOut() {
    Execution one = queued(1, 0);
    Execution two = queued(2, 0);
    Execution urgent = queued(3, 5);
    EnvironmentId group = one.environment();
    StoreId store = new StoreId(Samples.id());
    write(s -> s.waiting().needs(two.id(), "set", Set.of(store)));
    write(s -> s.waiting().needs(two.id(), "set", Set.of(store)));
    assertEquals(Set.of(store), read(s -> s.waiting().stores("set")));
    assertEquals(Set.of(), read(s -> s.waiting().stores("other")));
    assertEquals(3L, (long) read(s -> s.waiting().count(group)));
    assertEquals(
        List.of(urgent.id(), two.id()),
        read(s -> s.waiting().heads(group, Set.of(), 1, 10)).stream().map(Head::id).toList());
    assertEquals(
        List.of(urgent.id(), one.id()),
        read(s -> s.waiting().heads(group, Set.of("set"), 5, 10)).stream().map(Head::id).toList());
    assertEquals(
        Set.of(urgent.id(), one.id()), Set.copyOf(read(s -> s.waiting().unnoted(group, 10))));
    assertEquals(
        Set.of(new Kind(Optional.of("set"), false), new Kind(Optional.empty(), false)),
        Set.copyOf(read(s -> s.waiting().kinds(group))));
    Kind kind = new Kind(Optional.of("set"), false);
    assertEquals(1, (int) read(s -> s.waiting().explain(group, kind, "why", 10)));
    write(s -> s.waiting().explain(group, kind, "why", 10));
    assertEquals(Optional.of("why"), stored(two).waiting());
    assertEquals(0, (int) read(s -> s.waiting().explain(group, kind, "why", 10)));
  }

  @Test
  final void newOnesComeInBatchesOfOneCommitAndStore() {
    Execution one = created(1);
    Execution two = created(2);
    ProjectId project = one.project();
    Batch batch =
        new Batch(
            one.environment(),
            project,
            Optional.of(one.spec().commit()),
            Optional.of(one.spec().uploadStore()));
    List<Batch> batches = read(s -> s.waiting().batches(Optional.empty(), Set.of(), 8, 10));
    assertTrue(batches.contains(batch), batches.toString());
    assertEquals(List.of(), read(s -> s.waiting().batches(Optional.of(project), Set.of(), 8, 10)));
    Code code = batch.code().orElseThrow();
    List<Batch> without = read(s -> s.waiting().batches(Optional.empty(), Set.of(code), 8, 10));
    assertEquals(batches.stream().filter(b -> !b.equals(batch)).toList(), without);
    assertEquals(List.of(one.id()), read(s -> s.waiting().created(batch, 1)));
    write(s -> s.waiting().tell(two.id(), two.spec().commit(), two.spec().uploadStore()));
    write(s -> s.waiting().explain(batch, "why", 1));
    assertEquals(Optional.of("why"), stored(one).waiting());
    assertEquals(Set.of(), read(s -> s.waiting().archived(Set.of(one.spec().commit()))));
    assertEquals(Set.of(), read(s -> s.waiting().storesOf(Set.of())));
  }

  @Test
  final void silenceIsWrittenForTheBeatThatItBelongsTo() {
    Execution made = submitted(1);
    Lease lease = new Lease(new WorkerId(Samples.id()), Lease.State.HELD, "aa".repeat(32));
    update(Samples.changed(made, ExecutionStatus.STARTED, Optional.of(lease)), "Started");
    write(s -> s.executions().silent(Map.of(made.id(), new Beat(0, 30_000))));
    write(s -> s.executions().silent(Map.of(made.id(), new Beat(0, 20_000))));
    assertEquals(Map.of(made.id(), new Beat(0, 30_000)), read(s -> s.executions().beats()));
    assertTrue(did(s -> s.executions().beat(made.id(), lease.tokenHash())));
    assertEquals(Map.of(made.id(), new Beat(1, 0)), read(s -> s.executions().beats()));
    write(s -> s.executions().silent(Map.of(made.id(), new Beat(0, 40_000))));
    assertEquals(Map.of(made.id(), new Beat(1, 0)), read(s -> s.executions().beats()));
    Map<String, NodeStore.Load> loads = read(s -> s.nodes().loads(made.environment()));
    assertEquals(Map.of(), loads);
    assertEquals(Map.of(), read(s -> s.nodes().beats()));
  }
}
