package dev.millrace.provider.onprem;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** When a node's next start or removal is due: at once, then later and later, with jitter. */
final class Attempts {
  private static final long FIRST = TimeUnit.SECONDS.toNanos(1);
  private static final long LONGEST = TimeUnit.MINUTES.toNanos(1);
  private static final int MAX_DOUBLINGS = 6;

  private int misses;
  private int starts;
  private long lastTry;
  private long wait;
  private boolean removing;

  /** Whether it is time; what is to be removed does not wait for what failed to start. */
  synchronized boolean due(boolean removal) {
    if (removal && !removing) {
      removing = true;
      wait = 0;
      misses = 0;
    }
    return wait == 0 || System.nanoTime() - lastTry >= wait;
  }

  /** A process was started; should it die soon, the next start waits. */
  synchronized void started() {
    starts++;
    again();
  }

  synchronized void failed() {
    again();
  }

  /** The process lives; once it has for a while, its next death is answered at once. */
  synchronized void alive() {
    if (wait > 0 && System.nanoTime() - lastTry > Math.max(wait, LONGEST)) {
      misses = 0;
      wait = 0;
    }
  }

  synchronized int count() {
    return starts;
  }

  /** How many tries there were since it last went well. */
  synchronized int misses() {
    return misses;
  }

  private void again() {
    long longest = Math.min(LONGEST, FIRST << Math.min(misses, MAX_DOUBLINGS));
    misses++;
    lastTry = System.nanoTime();
    wait = longest / 2 + ThreadLocalRandom.current().nextLong(longest / 2 + 1);
  }
}
