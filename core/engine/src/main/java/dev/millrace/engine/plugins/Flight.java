package dev.millrace.engine.plugins;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One call on a thread of the guard's. Whoever waits for it may give it up; then it is interrupted,
 * its answer is dropped when it comes, and a stream in the answer is closed.
 */
final class Flight<T> implements Runnable {
  private final Callable<T> body;
  private final Runnable gaveUp;
  private final Consumer<Flight<?>> landed;
  private final CountDownLatch over = new CountDownLatch(1);
  private @Nullable Thread runner;
  private boolean done;
  private boolean givenUp;
  private @Nullable T answer;
  private @Nullable Throwable failure;

  /**
   * {@code gaveUp} is run once if the call is given up; {@code landed} once when the plugin has let
   * go of the thread, given up or not.
   */
  Flight(Callable<T> body, Runnable gaveUp, Consumer<Flight<?>> landed) {
    this.body = body;
    this.gaveUp = gaveUp;
    this.landed = landed;
  }

  @Override
  public void run() {
    T answered = null;
    Throwable failed = null;
    synchronized (this) {
      runner = Thread.currentThread();
    }
    try {
      answered = body.call();
      if (answered == null) {
        failed = new NullPointerException("the plugin returned null");
      }
    } catch (Throwable e) {
      failed = e;
    }
    boolean late;
    synchronized (this) {
      runner = null;
      done = true;
      late = givenUp;
      if (!late) {
        answer = answered;
        failure = failed;
      }
      // The interrupt was meant for this call, not for the next one on this thread.
      Thread.interrupted();
    }
    try {
      if (late && answered instanceof AutoCloseable stream) {
        stream.close();
      }
    } catch (Exception e) {
      // Nobody waits for this stream any more.
      return;
    } finally {
      landed.accept(this);
      over.countDown();
    }
  }

  /** Waits; false if the call was not over in that time and has been given up. */
  boolean await(Duration time) throws InterruptedException {
    try {
      return over.await(time.toNanos(), TimeUnit.NANOSECONDS) || !giveUp();
    } catch (InterruptedException e) {
      if (giveUp() || isGivenUp()) {
        throw e;
      }
      // It is over, and its answer must not get lost.
      Thread.currentThread().interrupt();
      return true;
    }
  }

  /** Interrupts the call and drops its answer; false if it is over or given up already. */
  synchronized boolean giveUp() {
    if (done || givenUp) {
      return false;
    }
    givenUp = true;
    gaveUp.run();
    if (runner != null) {
      runner.interrupt();
    }
    over.countDown();
    return true;
  }

  synchronized boolean isGivenUp() {
    return givenUp;
  }

  /** The answer of a call that is over and did not fail. */
  synchronized Optional<T> answer() {
    return Optional.ofNullable(answer);
  }

  /** Why a call that is over failed. */
  synchronized Optional<Throwable> failure() {
    return Optional.ofNullable(failure);
  }
}
