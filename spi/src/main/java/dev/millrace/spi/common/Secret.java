package dev.millrace.spi.common;

import java.util.Objects;

/** A value that must not be printed. Two secrets are equal only if they are the same object. */
public final class Secret {
  private final String value;

  private Secret(String value) {
    this.value = Objects.requireNonNull(value, "value");
  }

  /** Wraps a value. */
  public static Secret of(String value) {
    return new Secret(value);
  }

  /** The value itself; for the call that needs it, not for a log line or a message. */
  public String reveal() {
    return value;
  }

  @Override
  public String toString() {
    return "***";
  }
}
