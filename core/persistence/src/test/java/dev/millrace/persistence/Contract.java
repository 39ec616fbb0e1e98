package dev.millrace.persistence;

import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.ExecutionFilter;
import dev.millrace.engine.store.Keys;
import dev.millrace.engine.store.Rows;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.Slice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;

/** What the contracts of the stores share: an empty database with one project of owner 1. */
abstract class Contract {
  static final Scope ALL = new Scope.Everything();

  Database database;
  final Project project = Samples.project(1, "mnist");
  final EnvironmentId group = new EnvironmentId(Samples.id());

  /** An empty database. */
  abstract Database empty();

  @BeforeEach
  final void start() {
    database = empty();
    write(s -> s.projects().insert(project));
  }

  static Scope owners(int... ids) {
    return new Scope.Owners(Set.copyOf(Arrays.stream(ids).mapToObj(OwnerId::new).toList()));
  }

  final void write(Consumer<Session> work) {
    database.transact(
        session -> {
          work.accept(session);
          return true;
        });
  }

  final boolean did(Function<Session, Boolean> work) {
    return database.transact(work::apply);
  }

  final <T> T read(Function<Session, T> work) {
    return database.read(work::apply);
  }

  /** One part of a list, small enough for one stretch. */
  final Rows<Execution> list(Scope scope, ExecutionFilter filter, Slice slice) {
    return read(
        s -> {
          Keys<ExecutionId> keys = s.executions().keys(scope, filter, slice);
          return new Rows<>(s.executions().read(keys.keys()).rows(), keys.total());
        });
  }

  final boolean update(Execution execution, String kind) {
    return database.transact(
        s -> s.executions().update(execution, Samples.fact(execution.id(), kind)));
  }

  final Execution submitted(int counter) {
    return submitted(Samples.execution(project.id(), group, counter));
  }

  final Execution submitted(Execution execution) {
    write(s -> s.executions().insert(execution, Samples.fact(execution.id(), "Submitted")));
    return execution;
  }

  final Execution stored(Execution execution) {
    return read(s -> s.executions().find(ALL, execution.id()).orElseThrow());
  }

  /** Runs the calls at the same moment, each on its own thread, and returns their answers. */
  static <T> List<T> together(int threads, Callable<T> call) throws Exception {
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      CyclicBarrier start = new CyclicBarrier(threads);
      List<Future<T>> running = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        running.add(
            executor.submit(
                () -> {
                  start.await(60, TimeUnit.SECONDS);
                  return call.call();
                }));
      }
      List<T> answers = new ArrayList<>();
      for (Future<T> one : running) {
        answers.add(one.get(120, TimeUnit.SECONDS));
      }
      return answers;
    } finally {
      executor.shutdownNow();
    }
  }
}
