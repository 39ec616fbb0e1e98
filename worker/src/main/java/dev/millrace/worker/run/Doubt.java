package dev.millrace.worker.run;

import java.io.IOException;
import java.time.Duration;

/** When something that fails again and again is given up, so that the run can end. */
final class Doubt {
  private final long patienceNanos;
  private boolean failing;
  private long since;

  Doubt() {
    this(Duration.ofMinutes(10));
  }

  /** {@code patience}: how long the other side may break on it. */
  Doubt(Duration patience) {
    this.patienceNanos = patience.toNanos();
  }

  void worked() {
    failing = false;
  }

  /** Whether it is given up: at once where it is final, else where it broke for long enough. */
  boolean over(IOException e) {
    Failure failure = Failure.of(e);
    if (failure != Failure.BROKEN) {
      return failure == Failure.FINAL;
    }
    if (!failing) {
      failing = true;
      since = System.nanoTime();
    }
    return System.nanoTime() - since >= patienceNanos;
  }
}
