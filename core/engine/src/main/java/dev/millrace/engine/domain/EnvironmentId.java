package dev.millrace.engine.domain;

import java.util.UUID;

/** Names one environment, which is one worker group. Printed lower-case with hyphens. */
public record EnvironmentId(UUID value) {
  /**
   * Reads the printed form, with or without hyphens; throws IllegalArgumentException for other
   * text.
   */
  public static EnvironmentId parse(String text) {
    return new EnvironmentId(Uuid7.parse(text));
  }

  @Override
  public String toString() {
    return value.toString();
  }
}
