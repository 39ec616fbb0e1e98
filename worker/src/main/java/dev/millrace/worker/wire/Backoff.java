package dev.millrace.worker.wire;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** Growing, capped and jittered waits between attempts; not shared between threads. */
public final class Backoff {
  private final long firstMillis;
  private final long capMillis;
  private final RandomGenerator random;
  private int attempts;

  public Backoff(Duration first, Duration cap, RandomGenerator random) {
    this.firstMillis = first.toMillis();
    this.capMillis = cap.toMillis();
    this.random = random;
  }

  /** From 200 ms up to 15 s. */
  public static Backoff standard() {
    return new Backoff(
        Duration.ofMillis(200), Duration.ofSeconds(15), new java.util.SplittableRandom());
  }

  /** The next wait: half of it fixed, half random. */
  public Duration next() {
    long full = Math.min(capMillis, firstMillis << Math.min(attempts, 20));
    attempts++;
    return Duration.ofMillis(full / 2 + random.nextLong(full / 2 + 1));
  }

  /** How many waits were handed out since the last success. */
  public int attempts() {
    return attempts;
  }

  /** Starts again from the shortest wait. */
  public void succeeded() {
    attempts = 0;
  }
}
