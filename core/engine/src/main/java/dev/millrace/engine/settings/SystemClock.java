package dev.millrace.engine.settings;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.osgi.service.component.annotations.Component;

/** The wall clock in UTC, in microseconds: what the database keeps and clients see. */
@Component(service = Clock.class)
public final class SystemClock extends Clock {
  private final Clock ticking = Clock.tick(Clock.systemUTC(), Duration.ofNanos(1000));

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    return ticking.withZone(zone);
  }

  @Override
  public Instant instant() {
    return ticking.instant();
  }
}
