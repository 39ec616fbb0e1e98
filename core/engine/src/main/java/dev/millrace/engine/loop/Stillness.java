package dev.millrace.engine.loop;

import java.time.Duration;
import java.util.Optional;

/**
 * How long a value has stayed the same, as one looker saw it, on a clock that nobody sets. Time in
 * which nobody looked does not count: a longer gap between two looks counts as three seconds.
 */
public final class Stillness {
  private static final Duration LONGEST_STEP = Duration.ofSeconds(3);

  private Optional<Object> value = Optional.empty();
  private long lastLook;
  private long nanos;

  /** Notes what is seen at that reading of the clock; zero when it is not what was seen before. */
  public Duration look(Object now, long clockNanos) {
    if (value.filter(now::equals).isPresent()) {
      nanos += Math.max(0, Math.min(clockNanos - lastLook, LONGEST_STEP.toNanos()));
    } else {
      nanos = 0;
    }
    value = Optional.of(now);
    lastLook = clockNanos;
    return Duration.ofNanos(nanos);
  }
}
