package dev.millrace.worker.run;

import dev.millrace.worker.wire.Backoff;

/** While nothing succeeds, lets through one at a time, further and further apart. */
final class Brake {
  private final int failuresAllowed;
  private final Backoff backoff = Backoff.standard();
  private int failures;
  private long next;
  private boolean open;

  Brake(int failuresAllowed) {
    this.failuresAllowed = failuresAllowed;
  }

  /** Returns when it is this one's turn. */
  synchronized void pass() throws InterruptedException {
    while (on() && System.nanoTime() - next < 0) {
      wait(Math.max(1, (next - System.nanoTime()) / 1_000_000));
    }
    if (on()) {
      next = System.nanoTime() + backoff.next().toNanos();
    }
  }

  /** Whether so many failed in a row that the rest waits. */
  synchronized boolean on() {
    return !open && failures >= failuresAllowed;
  }

  /** The same, also when everybody is let through. */
  synchronized boolean failing() {
    return failures >= failuresAllowed;
  }

  synchronized void worked() {
    failures = 0;
    backoff.succeeded();
    notifyAll();
  }

  synchronized void failed() {
    if (++failures == failuresAllowed) {
      next = System.nanoTime() + backoff.next().toNanos();
    }
  }

  /** Lets everybody through from now on. */
  synchronized void release() {
    open = true;
    notifyAll();
  }
}
