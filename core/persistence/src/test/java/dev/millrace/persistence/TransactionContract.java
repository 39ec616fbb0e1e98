package dev.millrace.persistence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.Execution;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What every database does for transactions. */
abstract class TransactionContract extends Contract {
  @Test
  final void whatThrowsLeavesNothing() {
    IllegalStateException thrown =
        assertThrows(
            IllegalStateException.class,
            () ->
                write(
                    s -> {
                      s.settings().put("a", "1");
                      throw new IllegalStateException("mine");
                    }));
    assertEquals("mine", thrown.getMessage());
    assertEquals(Optional.empty(), read(s -> s.settings().get("a")));
  }

  @Test
  final void whatIsReadOnlyLeavesNothing() {
    database.read(s -> s.settings().putIfAbsent("a", "1"));
    assertEquals(Optional.empty(), read(s -> s.settings().get("a")));
  }

  @Test
  final void theDatabaseAnswers() {
    assertTrue(database.answers());
  }

  @Test
  final void aDeadlockVictimIsRunAgain() throws Exception {
    Execution first = submitted(1);
    Execution second = submitted(2);
    CyclicBarrier bothHoldOne = new CyclicBarrier(2);
    AtomicInteger turn = new AtomicInteger();
    AtomicInteger runs = new AtomicInteger();
    List<Boolean> done =
        together(
            2,
            () -> {
              boolean forward = turn.getAndIncrement() == 0;
              AtomicInteger tries = new AtomicInteger();
              return database.transact(
                  s -> {
                    runs.incrementAndGet();
                    s.executions().setStatusDetail((forward ? first : second).id(), "x" + forward);
                    if (tries.getAndIncrement() == 0) {
                      meet(bothHoldOne);
                    }
                    return s.executions()
                        .setStatusDetail((forward ? second : first).id(), "x" + forward);
                  });
            });
    assertEquals(List.of(true, true), done);
    assertEquals(3, runs.get());
    assertEquals(stored(first).statusDetail(), stored(second).statusDetail());
  }

  @Test
  final void anInterruptedThreadDoesNotBreakTheDatabaseForOthers() throws Exception {
    Thread interrupted =
        new Thread(
            () -> {
              Thread.currentThread().interrupt();
              try {
                write(s -> s.settings().put("a", "1".repeat(100_000)));
              } catch (RuntimeException e) {
                assertFalse(Thread.interrupted() && e.getMessage() == null);
              }
            });
    interrupted.start();
    interrupted.join(60_000);
    write(s -> s.settings().put("b", "2"));
    assertEquals(Optional.of("2"), read(s -> s.settings().get("b")));
  }

  private static void meet(CyclicBarrier barrier) {
    try {
      barrier.await(60, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
