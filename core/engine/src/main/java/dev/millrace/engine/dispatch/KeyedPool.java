package dev.millrace.engine.dispatch;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Few threads for work that waits for others, and of each key fewer still: what one key waits for
 * holds no other. Nothing is queued here; who finds no place comes again.
 */
final class KeyedPool {
  private final ThreadPoolExecutor threads;
  private final int atOnce;
  private final Map<Object, Integer> busy = new HashMap<>();
  private int running;

  KeyedPool(String name, int atOnce) {
    this.atOnce = atOnce;
    AtomicInteger number = new AtomicInteger();
    // Bounded by this class, which counts a place free before its thread is.
    this.threads =
        new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            30,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            work -> {
              Thread thread = new Thread(work, "millrace-" + name + "-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
  }

  /** How many may be under way at once that have this key. */
  record Limit(Object key, int most) {}

  /** Starts the work now, unless there is no place for it. */
  boolean start(List<Limit> limits, Runnable work) {
    synchronized (this) {
      if (running >= atOnce
          || limits.stream().anyMatch(l -> busy.getOrDefault(l.key(), 0) >= l.most())) {
        return false;
      }
      running++;
      limits.forEach(l -> busy.merge(l.key(), 1, Integer::sum));
    }
    try {
      threads.execute(
          () -> {
            try {
              work.run();
            } finally {
              done(limits);
            }
          });
      return true;
    } catch (RejectedExecutionException e) {
      // It is being closed.
      done(limits);
      return false;
    }
  }

  private synchronized void done(List<Limit> limits) {
    running--;
    limits.forEach(l -> busy.computeIfPresent(l.key(), (key, n) -> n > 1 ? n - 1 : null));
  }

  void close() {
    threads.shutdownNow();
  }
}
