package dev.millrace.persistence;

import static dev.millrace.persistence.Samples.NOW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.Commit;
import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionSpec;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.MetadataLine;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.store.DatumFilter;
import dev.millrace.engine.store.ExecutionFilter;
import dev.millrace.engine.store.ExecutionFilter.Order;
import dev.millrace.engine.store.Keys;
import dev.millrace.engine.store.MetadataStore;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Slice;
import dev.millrace.engine.store.Stretch;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What every database does for lists: which rows first, then the rows in stretches. */
abstract class ListContract extends Contract {
  private static final int MANY = 250;

  private static ExecutionFilter filter(Optional<ProjectId> project, Order order) {
    return new ExecutionFilter(
        project,
        Set.of(),
        Set.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.of(false),
        order);
  }

  private static Execution with(Execution e, String command) {
    ExecutionSpec s = e.spec();
    ExecutionSpec spec =
        new ExecutionSpec(
            s.commit(),
            s.commitIdentifier(),
            s.step(),
            s.image(),
            s.commandTemplate(),
            List.of(command),
            s.parameters(),
            s.inputs(),
            s.environmentVariables(),
            s.environmentVariableGroups(),
            s.runtimeConfig(),
            s.timeLimitSeconds(),
            s.noOutputSeconds(),
            s.autorestart(),
            s.mounts(),
            s.uploadStore());
    return new Execution(
        e.id(),
        e.project(),
        e.counter(),
        e.title(),
        e.tags(),
        e.creator(),
        e.environment(),
        e.priority(),
        spec,
        e.status(),
        e.reason(),
        e.statusDetail(),
        e.waiting(),
        e.imageDigest(),
        e.exitCode(),
        e.stop(),
        e.lease(),
        e.createdAt(),
        e.queuedAt(),
        e.startedAt(),
        e.endedAt(),
        e.settledAt(),
        e.logLengths(),
        e.log(),
        e.restartOf(),
        e.restartedAs(),
        e.modifiedAt(),
        e.deletedAt(),
        e.version());
  }

  /** Reads on and on, and checks that no stretch has more than it may. */
  private List<Execution> all(List<ExecutionId> keys) {
    List<Execution> rows = new ArrayList<>();
    int from = 0;
    while (from < keys.size()) {
      List<ExecutionId> left = keys.subList(from, keys.size());
      Stretch<Execution> stretch = read(s -> s.executions().read(left));
      assertTrue(stretch.keys() > 0 && stretch.keys() <= Stretch.MOST_KEYS);
      assertTrue(
          stretch.rows().size() == 1
              || stretch.rows().stream().mapToInt(e -> e.spec().commands().get(0).length()).sum()
                  <= Stretch.MOST_CHARACTERS);
      rows.addAll(stretch.rows());
      from += stretch.keys();
    }
    return rows;
  }

  @Test
  final void moreRowsThanAStretchComeInTheirOrderAndEachOnce() {
    for (int i = 1; i <= MANY; i++) {
      submitted(i);
    }
    for (Order order : Order.values()) {
      Keys<ExecutionId> keys =
          read(
              s ->
                  s.executions()
                      .keys(owners(1), filter(Optional.empty(), order), Slice.first(900)));
      assertEquals(MANY, keys.total());
      List<Integer> counters = all(keys.keys()).stream().map(Execution::counter).toList();
      List<Integer> expected = new ArrayList<>();
      for (int i = 1; i <= MANY; i++) {
        expected.add(order == Order.COUNTER || order == Order.CREATED ? i : MANY + 1 - i);
      }
      assertEquals(expected, counters);
    }
  }

  @Test
  final void longSpecsMakeShortStretchesAndRemovedRowsAreLeftOut() {
    List<ExecutionId> keys = new ArrayList<>();
    for (int i = 1; i <= 12; i++) {
      keys.add(
          submitted(with(Samples.execution(project.id(), group, i), "x".repeat(100_000 * i))).id());
    }
    write(s -> s.executions().remove(keys.get(1)));
    write(s -> s.executions().remove(keys.get(11)));
    assertEquals(
        List.of(1, 3, 4, 5, 6, 7, 8, 9, 10, 11),
        all(keys).stream().map(Execution::counter).toList());
    assertEquals(new Stretch<>(List.of(), 1), read(s -> s.executions().read(keys.subList(11, 12))));
  }

  @Test
  final void oneSeesNoOthersInAListOfAllProjects() {
    Project second = Samples.project(2, "second");
    Project third = Samples.project(3, "third");
    Project gone = Samples.deleted(Samples.project(2, "gone"));
    List.of(second, third, gone).forEach(p -> write(s -> s.projects().insert(p)));
    int counter = 0;
    for (Project p : List.of(project, second, third, gone)) {
      for (int i = 0; i < 3; i++) {
        submitted(Samples.execution(p.id(), group, ++counter));
      }
    }
    assertEquals(List.of(6, 5, 4, 3, 2, 1), counters(owners(1, 2), Optional.empty()));
    assertEquals(List.of(9, 8, 7), counters(owners(3, 4), Optional.empty()));
    assertEquals(List.of(6, 5, 4), counters(owners(1, 2), Optional.of(second.id())));
    assertEquals(List.of(), counters(owners(1, 2), Optional.of(third.id())));
    assertEquals(List.of(), counters(owners(2), Optional.of(gone.id())));
    assertEquals(List.of(), counters(owners(8), Optional.empty()));
    assertEquals(List.of(), counters(owners(), Optional.empty()));
    assertEquals(12, counters(ALL, Optional.empty()).size());
  }

  private List<Integer> counters(Scope scope, Optional<ProjectId> of) {
    return list(scope, filter(of, Order.CREATED_DESC), Slice.first(50)).items().stream()
        .map(Execution::counter)
        .toList();
  }

  @Test
  final void dataAreListedInStretchesToo() {
    Execution execution = submitted(1);
    List<String> names = new ArrayList<>();
    for (int i = 0; i < MANY; i++) {
      String name = "file-%04d".formatted(i);
      Datum datum = Samples.datum(project.id(), Optional.of(execution.id()), name);
      write(s -> s.data().insert(datum));
      names.add(name);
    }
    DatumFilter any = any();
    Keys<DatumId> keys = read(s -> s.data().keys(owners(1), any, Slice.first(1_000)));
    assertEquals(MANY, keys.total());
    List<String> found = new ArrayList<>();
    for (int from = 0; from < keys.keys().size(); ) {
      List<DatumId> left = keys.keys().subList(from, keys.keys().size());
      Stretch<Datum> stretch = read(s -> s.data().read(left));
      stretch.rows().forEach(d -> found.add(d.name()));
      from += stretch.keys();
    }
    // Made within one microsecond, they have no order of their own.
    assertEquals(names, found.stream().sorted().toList());
    assertEquals(0, read(s -> s.data().keys(owners(2), any, Slice.first(9))).total());
    assertEquals(
        1,
        read(s ->
                s.data()
                    .keys(
                        owners(1),
                        new DatumFilter(
                            Optional.of(project.id()),
                            Optional.empty(),
                            Optional.of("file-0007"),
                            Optional.empty(),
                            Optional.of("Blue"),
                            true),
                        Slice.first(9)))
            .total());
  }

  private static DatumFilter any() {
    return new DatumFilter(
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        false);
  }

  @Test
  final void otherListsAreFoundByKeysToo() {
    Commit commit = Samples.commit(project.id(), "~abc", NOW);
    write(s -> s.commits().insert(commit));
    assertEquals(
        List.of(commit.id()),
        read(s -> s.commits().keys(owners(1), Optional.empty(), Optional.empty(), Slice.first(5)))
            .keys());
    Commit read = read(s -> s.commits().read(List.of(commit.id()))).rows().get(0);
    assertEquals(commit.identifier(), read.identifier());
    assertEquals(Optional.empty(), read.config());
    assertEquals(
        List.of(project.id()), read(s -> s.projects().keys(owners(1), Slice.first(5))).keys());
    assertEquals(List.of(project), read(s -> s.projects().read(List.of(project.id()))).rows());
  }

  @Test
  final void metadataAreReadByBatch() {
    Execution execution = submitted(1);
    for (int batch = 0; batch < 3; batch++) {
      List<MetadataLine> lines = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        int n = batch * 4 + i;
        lines.add(new MetadataLine(n, NOW, "{\"n\":" + n + "}"));
      }
      database.transact(
          s ->
              s.metadata()
                  .append(execution.id(), lines, new MetadataStore.Limit(1_000, 1_000_000)));
    }
    assertEquals(12, (long) read(s -> s.metadata().count(execution.id())));
    assertEquals(List.of(5L, 6L, 7L), offsets(execution, 5));
    assertEquals(List.of(8L, 9L, 10L, 11L), offsets(execution, 8));
    assertEquals(List.of(), offsets(execution, 12));
  }

  private List<Long> offsets(Execution execution, long from) {
    return read(s -> s.metadata().from(execution.id(), from)).stream()
        .map(MetadataLine::offset)
        .toList();
  }

  @Test
  final void countersAreFoundWithoutTheExecutions() {
    Execution first = submitted(7);
    Execution second = submitted(8);
    assertEquals(
        java.util.Map.of(first.id(), 7, second.id(), 8),
        read(
            s ->
                s.executions()
                    .counters(Set.of(first.id(), second.id(), new ExecutionId(Samples.id())))));
  }

  @Test
  final void statusesNarrowAList() {
    submitted(1);
    Execution ended = submitted(2);
    update(Samples.changed(ended, ExecutionStatus.ERROR, Optional.empty()), "Ended");
    ExecutionFilter bad =
        new ExecutionFilter(
            Optional.of(project.id()),
            Set.of(ExecutionStatus.ERROR, ExecutionStatus.STOPPED),
            Set.of(),
            Optional.empty(),
            Optional.of("train"),
            Optional.empty(),
            Optional.of(false),
            Order.CREATED);
    assertEquals(
        List.of(ended.id()), read(s -> s.executions().keys(owners(1), bad, Slice.first(5))).keys());
  }
}
