package dev.millrace.engine.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.store.Database;
import dev.millrace.persistence.H2Database;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class LeadershipTest {
  @RegisterExtension H2Database h2 = new H2Database();
  private final AtomicLong nanos = new AtomicLong(7);
  private Database database;
  private Leadership first;
  private Leadership second;

  @BeforeEach
  void open() {
    database = h2.database();
    first = new Leadership(database, "first", nanos::get);
    second = new Leadership(database, "second", nanos::get);
    first.tick();
    second.tick();
  }

  @Test
  void ofTwoMastersOneLeads() throws Exception {
    List<String> ran = new ArrayList<>();
    for (int second = 0; second < 60; second++) {
      pass(Duration.ofSeconds(1));
      first.tick();
      this.second.tick();
      first.led(() -> ran.add("first")).tick();
      this.second.led(() -> ran.add("second")).tick();
    }
    assertEquals(60, ran.size());
    assertFalse(ran.contains("second"));
  }

  @Test
  void whoeverFreezesIsReplacedAfterTheWholeLeaseAndNotBefore() {
    for (int i = 0; i < 9; i++) {
      pass(Duration.ofSeconds(1));
      second.tick();
      assertFalse(second.leads(), "took over after " + (i + 1) + " s");
    }
    pass(Duration.ofSeconds(1));
    second.tick();
    assertTrue(second.leads());
    first.tick();
    assertFalse(first.leads());
  }

  @Test
  void aLeaderThatCannotBeatStopsTrustingItselfLongBeforeItIsReplaced() {
    assertTrue(first.leads());
    pass(Duration.ofSeconds(5));
    assertFalse(first.leads());
    first.tick();
    assertTrue(first.leads());
  }

  @Test
  void whatAFrozenLeaderWritesWhenItWakesIsRefused() {
    takeOverBySecond();
    // It has not ticked since, so for all it knows it leads: only the row can tell.
    assertThrows(Deposed.class, () -> first.transact(s -> put(s, "frozen")));
    assertEquals(Optional.empty(), database.read(s -> s.settings().get("who")));
    second.transact(s -> put(s, "second"));
    assertThrows(Deposed.class, first::check);
    assertEquals(Optional.of("second"), database.read(s -> s.settings().get("who")));
  }

  @Test
  void nobodyTakesOverInTheMiddleOfALeadersTransaction() throws Exception {
    for (int i = 0; i < 9; i++) {
      pass(Duration.ofSeconds(1));
      second.tick();
    }
    pass(Duration.ofSeconds(1));
    CountDownLatch inside = new CountDownLatch(1);
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      CountDownLatch goOn = new CountDownLatch(1);
      Future<Boolean> write =
          threads.submit(
              () ->
                  first.transact(
                      s -> {
                        inside.countDown();
                        await(goOn);
                        return put(s, "first");
                      }));
      await(inside);
      Future<?> takeOver = threads.submit(second::tick);
      assertFalse(takeOver.isDone());
      goOn.countDown();
      assertTrue(write.get(30, TimeUnit.SECONDS));
      takeOver.get(30, TimeUnit.SECONDS);
    } finally {
      threads.shutdownNow();
    }
    assertFalse(second.leads(), "the transaction was a sign of life");
    assertEquals(Optional.of("first"), database.read(s -> s.settings().get("who")));
  }

  @Test
  void timeInWhichTheOtherDidNotLookDoesNotCount() {
    pass(Duration.ofMinutes(5));
    second.tick();
    assertFalse(second.leads());
  }

  @Test
  void whoClosesGivesTheLeadBackAtOnce() {
    first.close();
    second.tick();
    assertTrue(second.leads());
    first.close();
    assertTrue(second.leads());
    second.check();
  }

  private void takeOverBySecond() {
    for (int i = 0; i < 10; i++) {
      pass(Duration.ofSeconds(1));
      second.tick();
    }
    assertTrue(second.leads());
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  private static boolean put(dev.millrace.engine.store.Session session, String who) {
    session.settings().put("who", who);
    return true;
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(30, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
