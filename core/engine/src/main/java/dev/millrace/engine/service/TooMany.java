package dev.millrace.engine.service;

import java.time.Duration;

/** Too many attempts; asking again helps after some time. */
public final class TooMany extends Refusal {
  private static final long serialVersionUID = 1;
  private final Duration retryAfter;

  public TooMany(Duration retryAfter, String message) {
    super("too_many_attempts", message);
    this.retryAfter = retryAfter;
  }

  public Duration retryAfter() {
    return retryAfter;
  }
}
