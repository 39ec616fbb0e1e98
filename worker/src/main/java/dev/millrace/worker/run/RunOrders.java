package dev.millrace.worker.run;

import dev.millrace.worker.wire.MasterException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What the master wants of one run; orders only ever grow stronger. */
final class RunOrders {
  private boolean stop;
  private boolean kill;
  private boolean abandon;
  private boolean sealed;
  private boolean outOfSpace;
  private boolean ended;
  private boolean stopEndedIt;
  private long stoppedAt;
  private long killedAt;
  private long endedAt;
  private boolean interrupted;
  private long interruptedAt;

  synchronized void stop() {
    if (!stop) {
      stoppedAt = System.nanoTime();
    }
    stop = true;
    notifyAll();
  }

  synchronized void kill() {
    stop();
    if (!kill) {
      killedAt = System.nanoTime();
    }
    kill = true;
    notifyAll();
  }

  synchronized void outOfSpace() {
    outOfSpace = true;
    notifyAll();
  }

  /** Whether the run is to end because it leaves the machine no space. */
  synchronized boolean spaceless() {
    return outOfSpace;
  }

  synchronized void abandon() {
    abandon = true;
    notifyAll();
  }

  synchronized void seal() {
    sealed = true;
    notifyAll();
  }

  /** Whether the master ordered a stop or a kill. */
  synchronized boolean stopOrdered() {
    return stop;
  }

  /** Whether the master ordered a kill. */
  synchronized boolean killOrdered() {
    return kill;
  }

  /** No process is left; {@code byStop}: because a stop was ordered. */
  synchronized void ended(boolean byStop) {
    if (!ended) {
      ended = true;
      stopEndedIt = byStop;
      endedAt = System.nanoTime();
    }
  }

  /**
   * Whether what waits is to wait no more: the grace has passed since a kill, or since a stop that
   * came when there was no process left to stop.
   */
  synchronized boolean outOfPatience(Duration grace) {
    if (!ended) {
      return false;
    }
    return kill && past(Math.max(killedAt, endedAt), grace)
        || stop && !stopEndedIt && past(Math.max(stoppedAt, endedAt), grace);
  }

  /** Whether also what goes well is to end: the grace has passed since a kill after the end. */
  synchronized boolean cut(Duration grace) {
    return ended && kill && killedAt - endedAt > 0 && past(killedAt, grace);
  }

  /** Its processes are interrupted, which begins their grace; false where it has begun before. */
  synchronized boolean interrupt() {
    if (interrupted) {
      return false;
    }
    interrupted = true;
    interruptedAt = System.nanoTime();
    return true;
  }

  /** Whether its processes have been interrupted. */
  synchronized boolean interrupted() {
    return interrupted;
  }

  /** Whether the grace of its processes is over. */
  synchronized boolean graceOver(Duration grace) {
    return interrupted && past(interruptedAt, grace);
  }

  private static boolean past(long since, Duration grace) {
    return System.nanoTime() - since > grace.toNanos();
  }

  /** Whether the run belongs to this worker no more. */
  synchronized boolean abandoned() {
    return abandon;
  }

  /** Whether the run is not to begin, or not to go on. */
  synchronized boolean stopping() {
    return stop || abandon;
  }

  /** How long what was begun may still take, null while nothing is to stop. */
  synchronized @Nullable Duration graceLeft(Duration grace) {
    return kill || abandon ? Duration.ofSeconds(1) : stop ? grace : null;
  }

  /** Ends the run's thread when the run belongs to this worker no more. */
  synchronized void throwIfAbandoned() throws MasterException {
    if (abandon) {
      throw new MasterException.LeaseGone("abandoned", "the run is somebody else's or over");
    }
  }

  /** Waits until the log is in the store, or the run is abandoned. */
  synchronized void awaitSealed() throws InterruptedException {
    while (!sealed && !abandon) {
      wait();
    }
  }
}
