package dev.millrace.worker.run;

import dev.millrace.worker.runtime.RunHandle;
import dev.millrace.worker.wire.Assignment;
import java.io.IOException;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Watches a run until its last process has gone: orders, limits, live outputs. */
final class Watch {
  private static final Logger LOG = LoggerFactory.getLogger(Watch.class);
  private static final Duration TICK = Duration.ofMillis(50);
  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  /** Remembers that the run is being stopped, and why when it was not ordered. */
  @FunctionalInterface
  interface Stopping {
    void because(@org.jspecify.annotations.Nullable String reason) throws IOException;
  }

  private final RunHandle running;
  private final Assignment.Limits limits;
  private final RunOrders orders;
  private final RunLog log;
  private final Runnable everySecond;
  private final LongSupplier runMicros;
  private final Stopping stopping;

  private boolean interruptDue;
  private boolean troubleTold;
  private boolean killTold;
  private boolean overLimit;
  private long killDue = System.nanoTime();
  private long liveDue = System.nanoTime();
  private long againDue = System.nanoTime();

  Watch(
      RunHandle running,
      Assignment.Limits limits,
      RunOrders orders,
      RunLog log,
      Runnable everySecond,
      LongSupplier runMicros,
      Stopping stopping) {
    this.running = running;
    this.limits = limits;
    this.orders = orders;
    this.log = log;
    this.everySecond = everySecond;
    this.runMicros = runMicros;
    this.stopping = stopping;
  }

  /** Returns when nothing of the run is left. */
  void untilGone() throws IOException, InterruptedException {
    while (!running.awaitGone(TICK)) {
      if (orders.abandoned() || orders.killOrdered()) {
        kill("SIGKILL as ordered.");
        continue;
      }
      limits();
      if (orders.stopOrdered() || overLimit || orders.interrupted()) {
        stop();
      }
      if (System.nanoTime() - liveDue >= 0) {
        liveDue = System.nanoTime() + SECOND;
        hold();
        everySecond.run();
      }
    }
  }

  private void limits() throws IOException {
    if (overLimit) {
      return;
    }
    if (orders.spaceless()) {
      overLimit = true;
      stopping.because("output");
      return;
    }
    if (limits.timeSeconds() > 0 && runMicros.getAsLong() > limits.timeSeconds() * 1_000_000) {
      overLimit = true;
      stopping.because("time-limit");
    } else if (limits.noOutputSeconds() > 0
        && log.quietNanos() > Duration.ofSeconds(limits.noOutputSeconds()).toNanos()) {
      overLimit = true;
      stopping.because("no-output");
    }
  }

  /** What cannot be held now is tried again, and nothing else waits for it. */
  private void hold() {
    try {
      log.hold();
    } catch (IOException e) {
      if (!troubleTold) {
        troubleTold = true;
        LOG.warn("pipes of a run not held error={}", e.toString());
      }
    }
  }

  private void stop() throws IOException {
    boolean first = orders.interrupt();
    if (first) {
      stopping.because(null);
      log.status("Stopping: SIGINT to all processes, SIGKILL in " + grace() + " s.");
      interruptDue = true;
    }
    if (!first && orders.graceOver(Duration.ofSeconds(grace()))) {
      kill("The grace is over: SIGKILL to all processes.");
    } else if (interruptDue && System.nanoTime() - againDue >= 0) {
      againDue = System.nanoTime() + SECOND;
      interrupt();
    }
  }

  /** One that failed is sent again, while the grace goes on. */
  private void interrupt() {
    try {
      running.interrupt();
      interruptDue = false;
    } catch (IOException | RuntimeException e) {
      LOG.warn("interrupt of a run not sent error={}", e.toString());
    }
  }

  private long grace() {
    return limits.stopGraceSeconds();
  }

  private void kill(String told) throws IOException {
    if (!killTold) {
      killTold = true;
      log.status(told);
    }
    if (System.nanoTime() - killDue >= 0) {
      killDue = System.nanoTime() + SECOND;
      running.kill();
    }
  }
}
