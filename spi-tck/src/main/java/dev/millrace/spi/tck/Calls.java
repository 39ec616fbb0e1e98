package dev.millrace.spi.tck;

import dev.millrace.spi.common.CallContext;
import java.time.Duration;
import java.util.UUID;

/** Calls as the engine would make them. */
public final class Calls {
  private Calls() {}

  /** A call that has this much time from now on. */
  public static CallContext within(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    String trace = "tck-" + UUID.randomUUID();
    return new CallContext() {
      @Override
      public Duration remaining() {
        return Duration.ofNanos(Math.max(0, end - System.nanoTime()));
      }

      @Override
      public String traceId() {
        return trace;
      }
    };
  }

  /** A call with half a minute. */
  public static CallContext call() {
    return within(Duration.ofSeconds(30));
  }
}
