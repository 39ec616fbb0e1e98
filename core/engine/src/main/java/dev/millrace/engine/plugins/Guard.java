package dev.millrace.engine.plugins;

import dev.millrace.engine.domain.PluginInfo.Figures;
import dev.millrace.engine.domain.PluginInfo.State;
import dev.millrace.spi.common.CallContext;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.common.PluginException.Culprit;
import dev.millrace.spi.common.PluginException.Kind;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * What stands between the engine and one plugin service: a permit, a thread of its own with the
 * plugin's class loader and a trace id, a deadline, counts, retries, a rate limit, quarantine and
 * drain. Nothing that the plugin throws leaves it, only the text.
 */
final class Guard<P> {
  private static final Logger LOG = LoggerFactory.getLogger(Guard.class);
  private static final int LONGEST_TEXT = 500;

  /** One call of a plugin. */
  @FunctionalInterface
  interface Verb<P, T> {
    T on(P plugin, CallContext call) throws Exception;
  }

  private final String name;
  private final GuardPolicy policy;
  private final Pace pace;
  private final HealthRecord record;
  private final Semaphore permits;
  private final RateLimit rate;
  private final Flights flights;
  private final AtomicLong calls = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();
  private final AtomicLong overran = new AtomicLong();
  private final AtomicLong broken = new AtomicLong();

  private volatile @Nullable P plugin;
  private volatile boolean closing;

  /** The name is that of the service as users know it, for example {@code store default}. */
  Guard(String name, P plugin, GuardPolicy policy, Pace pace, Clock clock) {
    this.name = name;
    this.plugin = plugin;
    this.policy = policy;
    this.pace = pace;
    this.record = new HealthRecord(name, policy.brokenLimit(), clock);
    this.permits = new Semaphore(policy.permits(), true);
    this.rate = new RateLimit(policy.ratePerSecond(), pace);
    this.flights = new Flights(name);
  }

  GuardPolicy policy() {
    return policy;
  }

  Health health() {
    return record.health();
  }

  Figures figures() {
    return new Figures(
        calls.get(),
        failed.get(),
        overran.get(),
        broken.get(),
        policy.permits() - permits.availablePermits(),
        flights.abandoned());
  }

  /** Makes a call that may be sent again when the backend says later. */
  <T> T repeat(String verb, Duration time, Verb<P, T> body) throws PluginException, PluginMissing {
    long end = pace.nanos() + time.toNanos();
    for (int attempt = 1; ; attempt++) {
      try {
        return fly(verb, left(end), body, true);
      } catch (Broken e) {
        throw e.told;
      } catch (PluginException e) {
        Optional<Duration> wait =
            closing ? Optional.empty() : policy.pause(e, attempt, left(end), pace.jitter());
        if (wait.isEmpty()) {
          throw e;
        }
        pause(wait.get());
      }
    }
  }

  /** Makes a call that is sent once. */
  <T> T once(String verb, Duration time, Verb<P, T> body) throws PluginException, PluginMissing {
    return tryOnce(verb, time, body, true);
  }

  /** Makes a call whose answer is a stream; the permit is the stream's until {@link #release}. */
  <T extends AutoCloseable> T open(String verb, Duration time, Verb<P, T> body)
      throws PluginException, PluginMissing {
    return tryOnce(verb, time, body, false);
  }

  private <T> T tryOnce(String verb, Duration time, Verb<P, T> body, boolean returnsPermit)
      throws PluginException, PluginMissing {
    try {
      return fly(verb, time, body, returnsPermit);
    } catch (Broken e) {
      throw e.told;
    }
  }

  /** Gives back the permit of a stream that has been closed. */
  void release() {
    permits.release();
  }

  /** Works on a stream that holds a permit; what goes wrong comes as IOException with the text. */
  <T> T onStream(String verb, Duration time, Callable<T> body) throws IOException {
    P target = plugin;
    if (target == null) {
      throw new IOException(name + " was removed while " + verb);
    }
    Flight<T> flight;
    try {
      flight = start(verb, target, trace(), body, over -> {});
    } catch (PluginMissing e) {
      throw new IOException(e.getMessage(), e);
    }
    try {
      if (!flight.await(time)) {
        overran(verb, time);
        throw new IOException(name + " gave nothing for " + time.toSeconds() + " s at " + verb);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for " + name, e);
    }
    if (flight.isGivenUp()) {
      throw new IOException(name + " was removed while " + verb);
    }
    Optional<Throwable> failure = flight.failure();
    if (failure.isPresent()) {
      if (failure.get() instanceof IOException e) {
        record.worked(State.DEGRADED, verb + ": " + text(e));
        throw new IOException(name + ": " + text(e));
      }
      throw new IOException(broke(verb, failure.get()).getMessage());
    }
    return flight.answer().orElseThrow();
  }

  private <T> T fly(String verb, Duration time, Verb<P, T> body, boolean returnsPermit)
      throws PluginException, PluginMissing, Broken {
    long end = pace.nanos() + time.toNanos();
    P target = enter(end);
    boolean started = false;
    try {
      awaitTurn(end);
      Call call = new Call(end);
      calls.incrementAndGet();
      Flight<T> flight =
          start(
              verb,
              target,
              call.trace,
              () -> body.on(target, call),
              // A stream keeps the permit when it is handed over; every other end returns it.
              over -> {
                if (returnsPermit || over.isGivenUp() || over.failure().isPresent()) {
                  permits.release();
                }
              });
      started = true;
      return land(verb, time, end, flight);
    } finally {
      if (!started) {
        permits.release();
      }
    }
  }

  private void awaitTurn(long end) throws PluginException {
    Duration wait = rate.reserve();
    if (wait.compareTo(left(end)) > 0) {
      throw new PluginException(
          Kind.THROTTLED, "too many calls to " + name + "; try again later", wait, null);
    }
    if (!wait.isZero()) {
      pause(wait);
    }
  }

  private <T> T land(String verb, Duration time, long end, Flight<T> flight)
      throws PluginException, PluginMissing, Broken {
    try {
      if (!flight.await(left(end))) {
        overran(verb, time);
        throw new PluginException(
            Kind.UNAVAILABLE, name + " did not answer within " + time.toSeconds() + " s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PluginException(Kind.UNAVAILABLE, "interrupted while waiting for " + name);
    }
    if (flight.isGivenUp()) {
      throw removed();
    }
    Optional<Throwable> failure = flight.failure();
    if (failure.isEmpty()) {
      record.worked(State.READY, "");
      return flight.answer().orElseThrow();
    }
    failed.incrementAndGet();
    if (failure.get() instanceof PluginException e) {
      // What the user got wrong says nothing about the plugin.
      boolean well = e.kind().culprit() == Culprit.USER;
      record.worked(well ? State.READY : State.DEGRADED, well ? "" : verb + ": " + text(e));
      throw new PluginException(e.kind(), text(e), e.retryAfter().orElse(null), null);
    }
    throw new Broken(broke(verb, failure.get()));
  }

  /** Takes a permit and the plugin; a plugin on its way out lets nobody in. */
  private P enter(long end) throws PluginException, PluginMissing {
    refuseWhereOutOfUse();
    try {
      if (!permits.tryAcquire(left(end).toNanos(), TimeUnit.NANOSECONDS)) {
        throw new PluginException(
            Kind.THROTTLED,
            "all " + policy.permits() + " calls to " + name + " are busy; try again later");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PluginException(Kind.UNAVAILABLE, "interrupted while waiting for " + name);
    }
    P target = plugin;
    if (closing || target == null) {
      permits.release();
      throw removed();
    }
    return target;
  }

  private void refuseWhereOutOfUse() throws PluginMissing {
    if (closing || plugin == null) {
      throw removed();
    }
    Health now = record.health();
    if (now.state() == State.QUARANTINED) {
      throw new PluginMissing(name + " is out of use since " + now.since() + ": " + now.reason());
    }
  }

  private PluginMissing removed() {
    return new PluginMissing(name + " is missing: its plugin was removed");
  }

  private <T> Flight<T> start(
      String verb, P target, String trace, Callable<T> body, Consumer<Flight<?>> landed)
      throws PluginMissing {
    try {
      return flights.start(verb, target.getClass().getClassLoader(), trace, body, landed);
    } catch (RejectedExecutionException e) {
      throw removed();
    }
  }

  private void pause(Duration time) throws PluginException {
    try {
      pace.pause(time);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PluginException(Kind.UNAVAILABLE, "interrupted while waiting for " + name);
    }
  }

  private Duration left(long end) {
    return Duration.ofNanos(Math.max(0, end - pace.nanos()));
  }

  private void overran(String verb, Duration time) {
    overran.incrementAndGet();
    failed.incrementAndGet();
    record.worked(State.DEGRADED, verb + " did not end within " + time.toSeconds() + " s");
    LOG.warn(
        "event=plugin-call-overran plugin={} verb={} seconds={} running={}",
        name,
        verb,
        time.toSeconds(),
        flights.running());
  }

  private PluginException broke(String verb, Throwable failure) {
    broken.incrementAndGet();
    String what = failure.getClass().getName() + ": " + text(failure);
    // Logged and dropped here: a throwable of the plugin's would keep its classes alive.
    LOG.error(
        "event=plugin-broken plugin={} verb={} action=\"replace the plugin's jar\"",
        name,
        verb,
        failure);
    record.broke(verb, what);
    return new PluginException(Kind.UNAVAILABLE, name + " is broken: " + what);
  }

  /** Out of use from now on, whatever comes. */
  void quarantine(String reason) {
    record.quarantine(reason);
  }

  /**
   * Lets nobody in any more, waits until all permits are back, and lets go of the plugin. Calls
   * that still run when the time is over are interrupted and given up. False if there were such.
   */
  boolean drain() {
    closing = true;
    boolean empty = false;
    try {
      empty = permits.tryAcquire(policy.permits(), policy.drain().toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    plugin = null;
    flights.giveUp();
    if (!empty) {
      LOG.warn(
          "event=plugin-removed-undrained plugin={} left={} seconds={}",
          name,
          policy.permits() - permits.availablePermits(),
          policy.drain().toSeconds());
    }
    return empty;
  }

  private static String trace() {
    String given = MDC.get(Flights.TRACE);
    return given == null ? UUID.randomUUID().toString() : given;
  }

  /** One line of bounded length. */
  private static String text(Throwable e) {
    String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    String line = message.replaceAll("\\p{Cntrl}+", " ");
    return line.length() <= LONGEST_TEXT ? line : line.substring(0, LONGEST_TEXT) + "…";
  }

  /** What a caller is told of a call that must not be repeated, because it may break more. */
  private static final class Broken extends Exception {
    private static final long serialVersionUID = 1L;
    private final transient PluginException told;

    Broken(PluginException told) {
      this.told = told;
    }
  }

  private final class Call implements CallContext {
    private final long end;
    private final String trace = trace();

    Call(long end) {
      this.end = end;
    }

    @Override
    public Duration remaining() {
      return left(end);
    }

    @Override
    public String traceId() {
      return trace;
    }
  }
}
