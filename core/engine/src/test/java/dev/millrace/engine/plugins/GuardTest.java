package dev.millrace.engine.plugins;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.PluginInfo.State;
import dev.millrace.spi.common.CallContext;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.common.PluginException.Kind;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class GuardTest {
  private static final Duration SHORT = Duration.ofMillis(100);
  private static final Duration LONG = Duration.ofSeconds(30);

  private final TestPace pace = new TestPace();
  private final Clock clock = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch end = new CountDownLatch(1);

  @AfterEach
  void letEverybodyGo() {
    end.countDown();
    threads.shutdownNow();
  }

  private Guard<Object> guard(int permits, double rate, Duration drain) {
    return new Guard<>(
        "store test",
        new Object(),
        new GuardPolicy(
            permits, LONG, 4, Duration.ofMillis(200), Duration.ofMillis(500), rate, 3, drain),
        pace,
        clock);
  }

  private Guard<Object> guard() {
    return guard(2, 1000, SHORT);
  }

  @Test
  void anAnswerComesThroughAndLeavesAReadyPlugin() throws Exception {
    Guard<Object> guard = guard();
    assertEquals("yes", guard.repeat("ask", LONG, (plugin, call) -> "yes"));
    assertEquals(new Health(State.READY, "", Instant.EPOCH), guard.health());
    assertEquals(1, guard.figures().calls());
    awaitInFlight(guard, 0);
  }

  @Test
  void aCallRunsOnItsOwnThreadWithThePluginsLoaderAndNothingOfTheCallers() throws Exception {
    ThreadLocal<String> leaked = new InheritableThreadLocal<>();
    leaked.set("the caller's");
    Guard<Object> guard =
        new Guard<>("store test", new GuardTest(), GuardPolicy.STORE, pace, clock);
    Thread caller = Thread.currentThread();
    guard.once(
        "ask",
        LONG,
        (plugin, call) -> {
          assertNotEquals(caller, Thread.currentThread());
          assertEquals(
              plugin.getClass().getClassLoader(), Thread.currentThread().getContextClassLoader());
          assertNull(leaked.get());
          assertFalse(call.traceId().isEmpty());
          assertTrue(call.remaining().compareTo(Duration.ZERO) > 0);
          return true;
        });
    leaked.remove();
  }

  @Test
  void aCallThatHangsIsInterruptedAndAbandoned() throws Exception {
    Guard<Object> guard = guard();
    CountDownLatch interrupted = new CountDownLatch(1);
    PluginException e =
        assertThrows(
            PluginException.class,
            () ->
                guard.once(
                    "hang",
                    SHORT,
                    (plugin, call) -> {
                      try {
                        return end.await(60, TimeUnit.SECONDS);
                      } catch (InterruptedException told) {
                        interrupted.countDown();
                        throw told;
                      }
                    }));
    assertEquals(Kind.UNAVAILABLE, e.kind());
    assertTrue(interrupted.await(10, TimeUnit.SECONDS));
    assertEquals(State.DEGRADED, guard.health().state());
    assertEquals(1, guard.figures().overran());
    awaitInFlight(guard, 0);
    assertEquals(0, guard.figures().abandoned());
  }

  @Test
  void aCallThatIgnoresInterruptsKeepsItsPermitAndIsCountedUntilItReturns() throws Exception {
    Guard<Object> guard = guard();
    for (int i = 0; i < 2; i++) {
      assertThrows(
          PluginException.class, () -> guard.once("hang", SHORT, (plugin, call) -> stubborn()));
    }
    assertEquals(2, guard.figures().abandoned());
    PluginException full =
        assertThrows(PluginException.class, () -> guard.once("ask", SHORT, (plugin, call) -> true));
    assertEquals(Kind.THROTTLED, full.kind());
    end.countDown();
    awaitInFlight(guard, 0);
    assertEquals(0, guard.figures().abandoned());
    assertEquals("yes", guard.once("ask", LONG, (plugin, call) -> "yes"));
  }

  @Test
  void threeBrokenCallsInARowAreTheEnd() throws Exception {
    Guard<Object> guard = guard();
    AtomicInteger asked = new AtomicInteger();
    Guard.Verb<Object, String> breaks =
        (plugin, call) -> {
          asked.incrementAndGet();
          throw new IllegalStateException("rogue");
        };
    for (int i = 0; i < 2; i++) {
      assertThrows(PluginException.class, () -> guard.repeat("ask", LONG, breaks));
    }
    assertEquals(State.DEGRADED, guard.health().state());
    assertEquals("yes", guard.once("ask", LONG, (plugin, call) -> "yes"));
    assertEquals(State.READY, guard.health().state());
    for (int i = 0; i < 3; i++) {
      assertThrows(PluginException.class, () -> guard.repeat("ask", LONG, breaks));
    }
    assertEquals(State.QUARANTINED, guard.health().state());
    assertTrue(guard.health().reason().contains("replace the plugin's jar"));
    PluginMissing out = assertThrows(PluginMissing.class, () -> guard.repeat("ask", LONG, breaks));
    assertTrue(out.getMessage().contains("rogue"), out.getMessage());
    assertEquals(5, asked.get(), "a quarantined plugin is not called");
  }

  @Test
  void aPluginThatReturnsNullIsBroken() {
    Guard<Object> guard = guard();
    assertThrows(PluginException.class, () -> guard.once("ask", LONG, (plugin, call) -> null));
    assertEquals(1, guard.figures().broken());
  }

  @Test
  void anErrorIsBrokenAsWell() {
    Guard<Object> guard = guard();
    assertThrows(
        PluginException.class,
        () ->
            guard.once(
                "ask",
                LONG,
                (plugin, call) -> {
                  throw new NoClassDefFoundError("gone");
                }));
    assertEquals(1, guard.figures().broken());
  }

  @Test
  void ofAnExceptionOnlyTheTextIsKept() {
    Guard<Object> guard = guard();
    PluginException e =
        assertThrows(
            PluginException.class,
            () ->
                guard.once(
                    "ask",
                    LONG,
                    (plugin, call) -> {
                      throw new PluginException(
                          Kind.DENIED, "no\nway " + "x".repeat(9999), new RuntimeException());
                    }));
    assertEquals(Kind.DENIED, e.kind());
    assertNull(e.getCause());
    assertTrue(e.getMessage().startsWith("no way x") && e.getMessage().length() < 600);
    assertEquals(State.DEGRADED, guard.health().state());
  }

  @Test
  void whatTheUserGotWrongDoesNotDegradeThePlugin() {
    Guard<Object> guard = guard();
    assertThrows(PluginException.class, () -> guard.repeat("ask", LONG, failing(Kind.NOT_FOUND)));
    assertEquals(State.READY, guard.health().state());
    assertEquals(List.of(), pace.pauses);
  }

  @Test
  void laterIsTriedAgainWithGrowingPausesAndACap() {
    Guard<Object> guard = guard();
    assertThrows(PluginException.class, () -> guard.repeat("ask", LONG, failing(Kind.UNAVAILABLE)));
    assertEquals(
        List.of(Duration.ofMillis(200), Duration.ofMillis(400), Duration.ofMillis(500)),
        pace.pauses);
    assertEquals(4, guard.figures().calls());
  }

  @Test
  void whatCanBeSentOnlyOnceIsNotTriedAgain() {
    Guard<Object> guard = guard();
    assertThrows(PluginException.class, () -> guard.once("ask", LONG, failing(Kind.UNAVAILABLE)));
    assertEquals(1, guard.figures().calls());
  }

  @Test
  void theBackendsWishIsHonouredIfThereIsTime() {
    Guard<Object> guard = guard();
    Guard.Verb<Object, String> throttled =
        (plugin, call) -> {
          throw new PluginException(Kind.THROTTLED, "slow down", Duration.ofSeconds(12), null);
        };
    PluginException e =
        assertThrows(PluginException.class, () -> guard.repeat("ask", LONG, throttled));
    assertEquals(List.of(Duration.ofSeconds(12), Duration.ofSeconds(12)), pace.pauses);
    assertEquals(Duration.ofSeconds(12), e.retryAfter().orElseThrow());
  }

  @Test
  void callsBeyondTheRateWaitTheirTurn() throws Exception {
    Guard<Object> guard = guard(2, 10, SHORT);
    for (int i = 0; i < 12; i++) {
      guard.once("ask", LONG, (plugin, call) -> true);
    }
    assertEquals(List.of(Duration.ofMillis(100), Duration.ofMillis(100)), pace.pauses);
    PluginException e =
        assertThrows(
            PluginException.class,
            () -> guard.once("ask", Duration.ofMillis(50), (plugin, call) -> true));
    assertEquals(Kind.THROTTLED, e.kind());
    awaitInFlight(guard, 0);
  }

  @Test
  void moreCallsThanPermitsWait() throws Exception {
    Guard<Object> guard = guard();
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    List<Future<Boolean>> calls = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      calls.add(
          threads.submit(
              () ->
                  guard.once(
                      "ask",
                      LONG,
                      (plugin, call) -> {
                        most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                        // Where more could be inside, they have the time to come.
                        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
                        inside.decrementAndGet();
                        return true;
                      })));
    }
    for (Future<Boolean> call : calls) {
      assertTrue(call.get(30, TimeUnit.SECONDS));
    }
    assertTrue(most.get() <= 2, "inside at once: " + most);
  }

  @Test
  void aRemovalWaitsForTheCallThatRuns() throws Exception {
    Guard<Object> guard = guard(2, 1000, Duration.ofSeconds(30));
    CountDownLatch inside = new CountDownLatch(1);
    Future<String> call =
        threads.submit(
            () ->
                guard.once(
                    "ask",
                    LONG,
                    (plugin, context) -> {
                      inside.countDown();
                      end.await();
                      return "finished";
                    }));
    assertTrue(inside.await(10, TimeUnit.SECONDS));
    Future<Boolean> drain = threads.submit(guard::drain);
    awaitRefusal(guard);
    assertThrows(TimeoutException.class, () -> drain.get(200, TimeUnit.MILLISECONDS));
    end.countDown();
    assertEquals("finished", call.get(10, TimeUnit.SECONDS));
    assertTrue(drain.get(10, TimeUnit.SECONDS));
  }

  @Test
  void aPluginThatVanishesInMidCallIsMissing() throws Exception {
    Guard<Object> guard = guard(2, 1000, SHORT);
    CountDownLatch inside = new CountDownLatch(1);
    AtomicReference<String> answered = new AtomicReference<>();
    Future<String> call =
        threads.submit(
            () ->
                guard.once(
                    "ask",
                    LONG,
                    (plugin, context) -> {
                      inside.countDown();
                      stubborn();
                      answered.set("too late");
                      return "too late";
                    }));
    assertTrue(inside.await(10, TimeUnit.SECONDS));
    assertFalse(guard.drain());
    Exception e = assertThrows(Exception.class, () -> call.get(10, TimeUnit.SECONDS));
    assertTrue(e.getCause() instanceof PluginMissing, e.toString());
    assertEquals(1, guard.figures().abandoned());
    end.countDown();
    awaitInFlight(guard, 2);
    assertThrows(PluginMissing.class, () -> guard.once("ask", LONG, (plugin, c) -> "x"));
  }

  @Test
  void anInterruptedCallerGetsItsThreadBack() throws Exception {
    Guard<Object> guard = guard();
    CountDownLatch inside = new CountDownLatch(1);
    AtomicReference<Exception> seen = new AtomicReference<>();
    Thread caller =
        new Thread(
            () -> {
              try {
                guard.once(
                    "ask",
                    LONG,
                    (plugin, context) -> {
                      inside.countDown();
                      return end.await(60, TimeUnit.SECONDS);
                    });
              } catch (PluginException | PluginMissing e) {
                seen.set(Thread.currentThread().isInterrupted() ? e : null);
              }
            });
    caller.start();
    assertTrue(inside.await(10, TimeUnit.SECONDS));
    caller.interrupt();
    caller.join(10_000);
    assertTrue(seen.get() instanceof PluginException);
    awaitInFlight(guard, 0);
  }

  private static Guard.Verb<Object, String> failing(Kind kind) {
    return (Object plugin, CallContext call) -> {
      throw new PluginException(kind, "no");
    };
  }

  /** Goes on whatever it is told. */
  private boolean stubborn() {
    while (true) {
      try {
        end.await();
        return true;
      } catch (InterruptedException e) {
        continue;
      }
    }
  }

  private static void awaitRefusal(Guard<Object> guard) {
    while (true) {
      try {
        guard.once("ask", SHORT, (plugin, call) -> true);
      } catch (PluginMissing e) {
        return;
      } catch (PluginException e) {
        Thread.onSpinWait();
      }
    }
  }

  /** A permit comes back a moment after the answer. */
  private static void awaitInFlight(Guard<?> guard, int wanted) {
    while (guard.figures().inFlight() > wanted || guard.figures().abandoned() > 0) {
      Thread.onSpinWait();
    }
  }
}
