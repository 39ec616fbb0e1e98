package dev.millrace.engine.plugins;

import java.time.Duration;

/** Spreads calls over time: as many a second as the rate says, after a burst of as many. */
final class RateLimit {
  private static final long SECOND = 1_000_000_000L;

  private final Pace pace;
  private final long nanosPerCall;
  private long freeAt;

  RateLimit(double ratePerSecond, Pace pace) {
    this.pace = pace;
    this.nanosPerCall = (long) (SECOND / ratePerSecond);
    this.freeAt = pace.nanos() - SECOND;
  }

  /**
   * Takes the next place and says how long to wait for it; empty places older than 1 s are lost.
   */
  synchronized Duration reserve() {
    long now = pace.nanos();
    freeAt = Math.max(freeAt, now - SECOND) + nanosPerCall;
    return Duration.ofNanos(Math.max(0, freeAt - now));
  }
}
