package dev.millrace.worker.run;

import dev.millrace.worker.runtime.LaunchException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Work on a thread of its own, which a stop ends: it is asked first, interrupted after a while, and
 * left behind when the grace is over.
 */
final class Stoppable {
  private static final Logger LOG = LoggerFactory.getLogger(Stoppable.class);
  private static final long TICK_MILLIS = 20;

  /** What is done. */
  @FunctionalInterface
  interface Work {
    void run() throws RunFailure, LaunchException, IOException, InterruptedException;
  }

  private final String name;
  private final Supplier<@Nullable Duration> grace;

  /** Work that is to stop once there is a grace, within it. */
  Stoppable(String name, Supplier<@Nullable Duration> grace) {
    this.name = name;
    this.grace = grace;
  }

  /** Returns when the work is done, or when it was to stop; its failure is thrown here. */
  void run(Work work) throws RunFailure, LaunchException, IOException, InterruptedException {
    FutureTask<Boolean> task =
        new FutureTask<>(
            () -> {
              work.run();
              return true;
            });
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
    long stoppedAt = 0;
    boolean interrupted = false;
    while (true) {
      try {
        task.get(TICK_MILLIS, TimeUnit.MILLISECONDS);
        return;
      } catch (ExecutionException e) {
        failed(e, interrupted);
        return;
      } catch (TimeoutException e) {
        // Still at it.
      }
      Duration most = grace.get();
      if (most == null) {
        continue;
      }
      long now = System.nanoTime();
      stoppedAt = stoppedAt == 0 ? now : stoppedAt;
      if (now - stoppedAt > most.toNanos()) {
        thread.interrupt();
        LOG.warn("work does not stop and is left behind thread={}", name);
        return;
      }
      if (!interrupted && now - stoppedAt > most.toNanos() / 2) {
        interrupted = true;
        thread.interrupt();
      }
    }
  }

  private static void failed(ExecutionException e, boolean interrupted)
      throws RunFailure, LaunchException, IOException, InterruptedException {
    Throwable cause = e.getCause();
    if (interrupted && cause instanceof Exception) {
      LOG.debug("work was interrupted", cause);
      return;
    }
    if (cause instanceof RunFailure failure) {
      throw failure;
    }
    if (cause instanceof LaunchException failure) {
      throw failure;
    }
    if (cause instanceof IOException failure) {
      throw failure;
    }
    if (cause instanceof InterruptedException failure) {
      throw failure;
    }
    if (cause instanceof Error failure) {
      throw failure;
    }
    throw new IllegalStateException(cause);
  }
}
