package dev.millrace.engine.plugins;

import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.common.PluginException.Retry;
import java.time.Duration;
import java.util.Optional;

/**
 * The limits around one plugin service.
 *
 * @param permits calls and open streams at a time
 * @param time how long a call may take where the caller names no other time
 * @param attempts how often a repeatable call is tried in all
 * @param firstPause the longest pause before the second try; it doubles from there
 * @param longestPause no pause is longer
 * @param ratePerSecond calls a second, after a burst of as many
 * @param brokenLimit broken calls in a row that put the service into quarantine
 * @param drain how long a removal waits for the calls that run
 */
record GuardPolicy(
    int permits,
    Duration time,
    int attempts,
    Duration firstPause,
    Duration longestPause,
    double ratePerSecond,
    int brokenLimit,
    Duration drain) {

  static final GuardPolicy STORE = policy(256, Duration.ofSeconds(30), 2000);
  static final GuardPolicy COMPUTE = policy(16, Duration.ofSeconds(60), 20);
  static final GuardPolicy REGISTRY = policy(32, Duration.ofSeconds(20), 50);

  private static GuardPolicy policy(int permits, Duration time, double ratePerSecond) {
    return new GuardPolicy(
        permits,
        time,
        4,
        Duration.ofMillis(250),
        Duration.ofSeconds(10),
        ratePerSecond,
        3,
        Duration.ofSeconds(30));
  }

  /**
   * How long to wait before the call is sent again; empty if it must not be. {@code attempt} counts
   * from 1, {@code jitter} is between 0 and 1.
   */
  Optional<Duration> pause(PluginException failure, int attempt, Duration left, double jitter) {
    if (failure.kind().retry() != Retry.LATER || attempt >= attempts()) {
      return Optional.empty();
    }
    long ceiling =
        Math.min(longestPause().toNanos(), firstPause().toNanos() << Math.min(attempt - 1, 20));
    // From half to all of it: never at once, and never all callers together.
    Duration wait = Duration.ofNanos((long) (ceiling * (0.5 + jitter / 2)));
    Duration asked = failure.retryAfter().orElse(Duration.ZERO);
    if (asked.compareTo(wait) > 0) {
      wait = asked;
    }
    return wait.compareTo(left) < 0 ? Optional.of(wait) : Optional.empty();
  }
}
