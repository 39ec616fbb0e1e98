package dev.millrace.engine.logs;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** The time as the wire and the logs count it: microseconds since 1970 UTC. */
public final class Micros {
  private Micros() {}

  public static long of(Instant time) {
    // Not by ChronoUnit: that counts nanoseconds first, which end in the year 2262.
    return Math.addExact(
        Math.multiplyExact(time.getEpochSecond(), 1_000_000L), time.getNano() / 1_000);
  }

  public static Instant toInstant(long micros) {
    return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
  }
}
