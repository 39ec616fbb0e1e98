package dev.millrace.persistence;

import static dev.millrace.persistence.Samples.NOW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.IdempotencyKey;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.store.IdempotencyStore;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What every database does for transactions, and for requests that are sent twice. */
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

  @Test
  final void aKeyOfARequestIsTakenOnceAndFreeAgainAfterItsTime() {
    OwnerId ada = new OwnerId(101);
    IdempotencyKey key = new IdempotencyKey("retry-1", "aa".repeat(32));
    IdempotencyKey other = new IdempotencyKey("retry-1", "bb".repeat(32));
    Instant expired = NOW.minusSeconds(60);
    assertEquals(Optional.empty(), taken(ada, key, "execution:1", NOW, expired));
    assertEquals(
        Optional.of(new IdempotencyStore.Use(key.fingerprint(), "execution:1")),
        taken(ada, other, "execution:2", NOW, expired));
    assertEquals(Optional.empty(), taken(new OwnerId(102), key, "execution:3", NOW, expired));
    assertEquals(
        Optional.empty(),
        taken(ada, new IdempotencyKey("Retry-1", "cc".repeat(32)), "execution:4", NOW, expired));
    assertEquals(
        Optional.empty(),
        taken(ada, other, "execution:5", NOW.plusSeconds(99), NOW.plusSeconds(1)));
    assertEquals(1, (int) database.transact(s -> s.idempotency().purge(NOW.plusSeconds(1), 1)));
    assertEquals(1, (int) database.transact(s -> s.idempotency().purge(NOW.plusSeconds(1), 9)));
    assertEquals(
        Optional.of(new IdempotencyStore.Use(other.fingerprint(), "execution:5")),
        taken(ada, other, "execution:6", NOW.plusSeconds(99), expired));
  }

  @Test
  final void ofManyRequestsWithOneKeyOneTakesItAndTheOthersSeeWhoDid() throws Exception {
    IdempotencyKey key = new IdempotencyKey("twins", "aa".repeat(32));
    AtomicInteger number = new AtomicInteger();
    List<String> subjects =
        together(
            6,
            () -> {
              String mine = "execution:" + number.incrementAndGet();
              return taken(new OwnerId(101), key, mine, NOW, NOW.minusSeconds(60))
                  .map(IdempotencyStore.Use::subject)
                  .orElse(mine);
            });
    assertEquals(1, Set.copyOf(subjects).size(), subjects.toString());
  }

  private Optional<IdempotencyStore.Use> taken(
      OwnerId actor, IdempotencyKey key, String subject, Instant now, Instant expired) {
    return database.transact(s -> s.idempotency().take(actor, key, subject, now, expired));
  }

  @Test
  final void aKeyTakenInATransactionThatFailsIsFree() {
    IdempotencyKey key = new IdempotencyKey("fails", "aa".repeat(32));
    OwnerId ada = new OwnerId(101);
    assertThrows(
        IllegalStateException.class,
        () ->
            write(
                s -> {
                  s.idempotency().take(ada, key, "execution:1", NOW, NOW.minusSeconds(60));
                  throw new IllegalStateException("refused");
                }));
    assertEquals(Optional.empty(), taken(ada, key, "execution:2", NOW, NOW.minusSeconds(60)));
  }
}
