package dev.millrace.engine.service;

import java.time.Duration;

/** Too many attempts, or too much at a time; asking again helps after some time. */
public final class TooMany extends Refusal {
  private static final long serialVersionUID = 1;
  private final Duration retryAfter;

  public TooMany(Duration retryAfter, String message) {
    this("too_many_attempts", retryAfter, message);
  }

  public TooMany(String code, Duration retryAfter, String message) {
    super(code, message);
    this.retryAfter = retryAfter;
  }

  public Duration retryAfter() {
    return retryAfter;
  }
}
