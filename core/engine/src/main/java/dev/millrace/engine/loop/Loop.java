package dev.millrace.engine.loop;

import dev.millrace.engine.store.DatabaseUnavailable;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a body again and again on one thread until it is closed. A failed tick is tried again. */
public final class Loop implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Loop.class);
  private static final Duration CLOSING = Duration.ofSeconds(10);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  /** One pass; it may be interrupted at any wait. */
  @FunctionalInterface
  public interface Body {
    void tick() throws InterruptedException;
  }

  private final String name;
  private final Duration pause;
  private final Body body;
  private final Thread thread;
  private volatile boolean closed;
  private int failures;

  private Loop(String name, Duration pause, Body body) {
    this.name = name;
    this.pause = pause;
    this.body = body;
    this.thread = new Thread(this::run, "millrace-" + name);
    this.thread.setDaemon(true);
  }

  /** Starts a loop that pauses that long between its ticks. */
  public static Loop start(String name, Duration pause, Body body) {
    Loop loop = new Loop(name, pause, body);
    loop.thread.start();
    return loop;
  }

  private void run() {
    while (!closed) {
      try {
        body.tick();
        failures = 0;
        Thread.sleep(pause.toMillis());
      } catch (InterruptedException e) {
        // Only close() interrupts this thread.
        closed = true;
      } catch (RuntimeException e) {
        backOff(e);
      }
    }
  }

  private void backOff(RuntimeException failure) {
    if (closed) {
      return;
    }
    failures++;
    if (failure instanceof DatabaseUnavailable) {
      log.warn("loop waits for the database loop={} failures={}", name, failures);
    } else {
      log.error("loop failed, it will be tried again loop={}", name, failure);
    }
    long wait = Math.min(LONGEST_PAUSE.toMillis(), 250L << Math.min(failures, 10));
    try {
      Thread.sleep(wait);
    } catch (InterruptedException e) {
      closed = true;
    }
  }

  /** Ends the loop and waits up to 10 s for its tick. */
  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    try {
      thread.join(CLOSING.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (thread.isAlive()) {
      log.warn("loop did not end in time loop={}", name);
    }
  }
}
