package dev.millrace.persistence;

import static dev.millrace.persistence.Samples.NOW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionChange;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.Fact;
import dev.millrace.engine.domain.Lease;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.WorkerId;
import dev.millrace.engine.store.DuplicateRow;
import dev.millrace.engine.store.ExecutionFilter;
import dev.millrace.engine.store.ExecutionStore.Beat;
import dev.millrace.engine.store.Rows;
import dev.millrace.engine.store.Slice;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What every database does for executions. */
abstract class ExecutionContract extends Contract {
  private static final ExecutionFilter ANY = filter(Set.of(), Optional.empty(), Optional.empty());

  private static ExecutionFilter filter(
      Set<ExecutionStatus> statuses, Optional<String> step, Optional<Boolean> deleted) {
    return new ExecutionFilter(
        Optional.empty(),
        statuses,
        Set.of(),
        Optional.empty(),
        step,
        Optional.empty(),
        deleted,
        ExecutionFilter.Order.COUNTER);
  }

  private static List<Integer> counters(List<Execution> executions) {
    return executions.stream().map(Execution::counter).toList();
  }

  private List<String> kinds(Execution execution) {
    return read(s -> s.facts().of(execution.id(), 10).stream().map(Fact::kind).toList());
  }

  private Lease lease(Lease.State state) {
    return new Lease(new WorkerId(Samples.id()), state, "ef".repeat(32));
  }

  @Test
  final void anExecutionComesBackAsItWasStored() {
    Execution execution = submitted(1);
    assertEquals(execution, stored(execution));
    assertEquals(
        execution.spec().parameters().keySet().stream().toList(),
        stored(execution).spec().parameters().keySet().stream().toList());
  }

  @Test
  final void aChangeOfStateRaisesTheVersionAndStoresItsFact() {
    Execution execution = submitted(1);
    Execution settled = Samples.settled(execution, ExecutionStatus.ERROR);
    assertTrue(update(settled, "Settled"));
    assertEquals(Samples.at(settled, 2), stored(execution));
    assertEquals(
        List.of(1L, 2L),
        read(s -> s.facts().of(execution.id(), 10).stream().map(Fact::sequence).toList()));
  }

  @Test
  final void aLostCompareAndSetStoresNothingAndTheTransactionGoesOn() {
    Execution execution = submitted(1);
    assertTrue(update(execution, "First"));
    boolean lost =
        database.transact(
            s -> {
              boolean won =
                  s.executions().update(execution, Samples.fact(execution.id(), "Second"));
              s.settings().put("after", "written");
              return won;
            });
    assertFalse(lost);
    assertEquals(List.of("Submitted", "First"), kinds(execution));
    assertEquals(Optional.of("written"), read(s -> s.settings().get("after")));
  }

  @Test
  final void ofManyClaimsAtOnceOneWins() throws Exception {
    Execution execution = submitted(1);
    List<Boolean> won =
        together(
            8,
            () ->
                update(
                    Samples.changed(
                        execution, ExecutionStatus.QUEUED, Optional.of(lease(Lease.State.OFFERED))),
                    "Offered"));
    assertEquals(1, Collections.frequency(won, true));
    assertEquals(2, stored(execution).version());
    assertEquals(List.of("Submitted", "Offered"), kinds(execution));
  }

  @Test
  final void anExecutionThatHasEndedKeepsStatusReasonAndEnd() {
    Execution execution = submitted(1);
    Execution ended = Samples.settled(execution, ExecutionStatus.ERROR);
    assertTrue(update(ended, "Settled"));
    Execution again =
        Samples.at(Samples.changed(execution, ExecutionStatus.COMPLETE, Optional.empty()), 2);
    assertFalse(update(again, "Renamed"), "nothing else is stored than what was asked for");
    Execution now = stored(execution);
    assertEquals(ExecutionStatus.ERROR, now.status());
    assertEquals(ended.reason(), now.reason());
    assertEquals(ended.endedAt(), now.endedAt());
    assertEquals(2, now.version());
    Execution renamed = ExecutionChange.of(now).title("another").at(now.modifiedAt());
    assertTrue(update(renamed, "Renamed"));
    assertEquals("another", stored(execution).title());
    assertEquals(ended.endedAt(), stored(execution).endedAt());
  }

  @Test
  final void aCounterIsGivenOnce() {
    submitted(1);
    DuplicateRow duplicate = assertThrows(DuplicateRow.class, () -> submitted(1));
    assertEquals("counter", duplicate.constraint());
  }

  @Test
  final void theWaitingReasonIsStoredWhileItWaitsOnly() {
    Execution execution = submitted(1);
    write(s -> s.executions().setWaiting(execution.id(), "over the quota"));
    assertEquals(Optional.of("over the quota"), stored(execution).waiting());
    assertEquals(1, stored(execution).version());
    update(Samples.changed(execution, ExecutionStatus.STARTED, Optional.empty()), "Started");
    write(s -> s.executions().setWaiting(execution.id(), "too late"));
    assertEquals(execution.waiting(), stored(execution).waiting());
  }

  @Test
  final void theStatusDetailIsStoredUntilTheEnd() {
    Execution execution = submitted(1);
    assertTrue(did(s -> s.executions().setStatusDetail(execution.id(), "pulling 🦊")));
    assertEquals("pulling 🦊", stored(execution).statusDetail());
    update(Samples.changed(execution, ExecutionStatus.STOPPED, Optional.empty()), "Stopped");
    assertFalse(did(s -> s.executions().setStatusDetail(execution.id(), "late")));
  }

  @Test
  final void executionsAreSeenByWhoeverSeesTheirProject() {
    Execution execution = submitted(1);
    assertEquals(
        Optional.of(execution), read(s -> s.executions().find(owners(1, 5), execution.id())));
    assertEquals(Optional.empty(), read(s -> s.executions().find(owners(2), execution.id())));
    assertEquals(Optional.empty(), read(s -> s.executions().find(owners(), execution.id())));
    assertEquals(Optional.empty(), read(s -> s.executions().byCounter(owners(2), project.id(), 1)));
    assertEquals(Optional.empty(), read(s -> s.executions().latest(owners(2), project.id())));
    assertEquals(0, list(owners(2), ANY, Slice.first(10)).total());
    assertEquals(1, list(owners(1), ANY, Slice.first(10)).total());
  }

  @Test
  final void executionsOfADeletedProjectAreSeenByTheLoopsOnly() {
    Execution execution = submitted(1);
    database.transact(s -> s.projects().update(Samples.deleted(project)));
    assertEquals(Optional.empty(), read(s -> s.executions().find(owners(1), execution.id())));
    assertEquals(Optional.of(execution), read(s -> s.executions().find(ALL, execution.id())));
  }

  @Test
  final void aPageHasItsPartAndTheTotalOfTheWholeList() {
    for (int i = 1; i <= 7; i++) {
      submitted(i);
    }
    Rows<Execution> page = list(owners(1), ANY, new Slice(2, 3));
    assertEquals(List.of(3, 4, 5), counters(page.items()));
    assertEquals(7, page.total());
    Rows<Execution> last = list(owners(1), ANY, new Slice(6, 3));
    assertEquals(List.of(7), counters(last.items()));
    assertEquals(7, last.total());
    Rows<Execution> past = list(owners(1), ANY, new Slice(9, 3));
    assertEquals(List.of(), past.items());
    assertEquals(7, past.total());
    assertEquals(7, list(owners(1), ANY, Slice.first(0)).total());
  }

  @Test
  final void filtersNarrowAndOrdersOrder() {
    Execution first = submitted(1);
    submitted(2);
    submitted(3);
    update(Samples.settled(first, ExecutionStatus.COMPLETE), "Settled");
    assertEquals(
        List.of(1),
        counters(
            list(
                    ALL,
                    filter(
                        Set.of(ExecutionStatus.COMPLETE, ExecutionStatus.ERROR),
                        Optional.of("train"),
                        Optional.of(true)),
                    Slice.first(9))
                .items()));
    ExecutionFilter some =
        new ExecutionFilter(
            Optional.of(project.id()),
            Set.of(),
            Set.of(2, 3, 4),
            Optional.of(new OwnerId(7)),
            Optional.empty(),
            Optional.of(group),
            Optional.of(false),
            ExecutionFilter.Order.CREATED_DESC);
    assertEquals(List.of(3, 2), counters(list(ALL, some, Slice.first(9)).items()));
    assertEquals(
        List.of(),
        list(ALL, filter(Set.of(), Optional.of("TRAIN"), Optional.empty()), Slice.first(9))
            .items());
  }

  @Test
  final void theLatestIsTheHighestCounterThatIsNotDeleted() {
    Execution first = submitted(1);
    Execution second = submitted(2);
    update(Samples.settled(second, ExecutionStatus.COMPLETE), "Deleted");
    assertEquals(Optional.of(first), read(s -> s.executions().latest(owners(1), project.id())));
    assertEquals(
        Map.of(ExecutionStatus.QUEUED, 1L), read(s -> s.executions().summary(project.id())));
  }

  @Test
  final void theQueueIsOrderedByPriorityThenByTime() {
    submitted(2);
    submitted(1);
    Execution urgent = submitted(3);
    update(
        new Execution(
            urgent.id(),
            urgent.project(),
            3,
            "urgent",
            urgent.tags(),
            urgent.creator(),
            group,
            9,
            urgent.spec(),
            ExecutionStatus.QUEUED,
            Optional.empty(),
            "",
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            urgent.stop(),
            Optional.empty(),
            urgent.createdAt(),
            urgent.queuedAt(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            NOW,
            Optional.empty(),
            1),
        "Raised");
    Execution offered = submitted(4);
    update(
        Samples.changed(offered, ExecutionStatus.QUEUED, Optional.of(lease(Lease.State.OFFERED))),
        "Offered");
    submitted(Samples.execution(project.id(), new EnvironmentId(Samples.id()), 5));
    assertEquals(List.of(3, 1, 2), counters(read(s -> s.executions().queued(group, 10))));
    assertEquals(List.of(3), counters(read(s -> s.executions().queued(group, 1))));
    assertEquals(Map.of(new OwnerId(7), 1L), read(s -> s.executions().running(group)));
  }

  @Test
  final void theLoopsSeeWhatIsUnfinishedLeasedAndUnsealed() {
    Execution first = submitted(1);
    Execution second = submitted(2);
    Lease lease = lease(Lease.State.HELD);
    update(Samples.changed(second, ExecutionStatus.STARTED, Optional.of(lease)), "Started");
    Execution third = submitted(3);
    Execution settled = Samples.settled(third, ExecutionStatus.COMPLETE);
    update(settled, "Settled");
    assertEquals(
        List.of(1, 2), counters(read(s -> s.executions().unfinished(Set.of(), Slice.first(9)))));
    assertEquals(
        List.of(2),
        counters(
            read(
                s ->
                    s.executions()
                        .unfinished(
                            Set.of(ExecutionStatus.STARTED, ExecutionStatus.COMPLETE),
                            Slice.first(9)))));
    assertEquals(List.of(2), counters(read(s -> s.executions().leasedTo(lease.worker()))));
    assertEquals(List.of(), read(s -> s.executions().unsealed(9)));
    Execution unsealed = submitted(Samples.execution(project.id(), group, 4));
    Execution without = Samples.settled(unsealed, ExecutionStatus.COMPLETE);
    update(
        new Execution(
            without.id(),
            without.project(),
            4,
            "x",
            List.of(),
            without.creator(),
            group,
            0,
            without.spec(),
            without.status(),
            Optional.empty(),
            "",
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            without.stop(),
            Optional.empty(),
            without.createdAt(),
            without.queuedAt(),
            without.startedAt(),
            without.endedAt(),
            without.settledAt(),
            without.logLengths(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            NOW,
            Optional.empty(),
            1),
        "Settled");
    assertEquals(List.of(4), counters(read(s -> s.executions().unsealed(9))));
    assertEquals(Map.of(group, 2L), read(s -> s.environments().unfinished()));
    assertEquals(first, stored(first));
  }

  @Test
  final void aBeatCountsForTheHolderOfTheLeaseOnly() {
    Execution execution = submitted(1);
    Lease lease = lease(Lease.State.HELD);
    update(Samples.changed(execution, ExecutionStatus.STARTED, Optional.of(lease)), "Started");
    assertEquals(Map.of(execution.id(), new Beat(0, 0)), read(s -> s.executions().beats()));
    assertTrue(did(s -> s.executions().beat(execution.id(), lease.tokenHash())));
    assertTrue(did(s -> s.executions().beat(execution.id(), lease.tokenHash())));
    assertFalse(did(s -> s.executions().beat(execution.id(), "00".repeat(32))));
    assertEquals(Map.of(execution.id(), new Beat(2, 0)), read(s -> s.executions().beats()));
    assertEquals(2L, (long) read(s -> s.executions().beat(execution.id())));
    assertEquals(2, stored(execution).version());
    update(
        Samples.at(Samples.changed(execution, ExecutionStatus.STOPPING, Optional.of(lease)), 2),
        "Stopping");
    assertEquals(Map.of(execution.id(), new Beat(2, 0)), read(s -> s.executions().beats()));
  }

  @Test
  final void whoPolledLastIsRemembered() {
    Execution execution = submitted(1);
    assertEquals(Optional.empty(), read(s -> s.executions().lastPolled(execution.id())));
    write(s -> s.executions().polled(execution.id(), NOW));
    assertEquals(Optional.of(NOW), read(s -> s.executions().lastPolled(execution.id())));
    assertEquals(
        Optional.empty(), read(s -> s.executions().lastPolled(new ExecutionId(Samples.id()))));
  }

  @Test
  final void countersAreGivenOnceEachUnderARace() throws Exception {
    Project other = Samples.project(1, "other");
    write(s -> s.projects().insert(other));
    List<Integer> given =
        together(8, () -> database.transact(s -> s.projects().nextExecutionCounter(other.id())));
    assertEquals(List.of(1, 2, 3, 4, 5, 6, 7, 8), given.stream().sorted().toList());
  }
}
