package dev.millrace.engine.logs;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** The time as the wire and the logs count it: microseconds since 1970 UTC. */
public final class Micros {
  private Micros() {}

  public static long of(Instant time) {
    return ChronoUnit.MICROS.between(Instant.EPOCH, time);
  }

  public static Instant toInstant(long micros) {
    return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
  }
}
