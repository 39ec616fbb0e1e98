package dev.millrace.worker.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Work that a stop must reach. */
class StoppableTest {
  private static final Duration MOST = Duration.ofSeconds(60);

  @Test
  void workThatHearsNothingIsLeftBehindAfterTheGrace() throws Exception {
    AtomicBoolean end = new AtomicBoolean();
    CountDownLatch ended = new CountDownLatch(1);
    assertTimeoutPreemptively(
        MOST,
        () ->
            new Stoppable("deaf", () -> Duration.ofMillis(100))
                .run(
                    () -> {
                      while (!end.get()) {
                        Thread.onSpinWait();
                      }
                      ended.countDown();
                    }));
    assertEquals(1, ended.getCount());
    end.set(true);
    ended.await();
  }

  @Test
  void workThatWaitsIsInterrupted() throws Exception {
    CountDownLatch interrupted = new CountDownLatch(1);
    assertTimeoutPreemptively(
        MOST,
        () ->
            new Stoppable("waits", () -> Duration.ofSeconds(4))
                .run(
                    () -> {
                      try {
                        new CountDownLatch(1).await();
                      } catch (InterruptedException e) {
                        interrupted.countDown();
                        throw e;
                      }
                    }));
    assertEquals(0, interrupted.getCount());
  }

  @Test
  void withoutAStopItTakesItsTimeAndItsFailuresAreTold() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    new Stoppable("works", () -> null).run(() -> done.set(true));
    assertTrue(done.get());
    Stoppable fails = new Stoppable("fails", () -> null);
    assertThrows(
        IOException.class,
        () ->
            fails.run(
                () -> {
                  throw new IOException("no");
                }));
    assertThrows(
        StackOverflowError.class,
        () ->
            fails.run(
                () -> {
                  throw new StackOverflowError();
                }));
  }
}
