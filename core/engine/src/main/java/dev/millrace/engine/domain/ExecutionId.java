package dev.millrace.engine.domain;

import java.util.UUID;

/** Names one execution. Printed lower-case with hyphens. */
public record ExecutionId(UUID value) {
  /**
   * Reads the printed form, with or without hyphens; throws IllegalArgumentException for other
   * text.
   */
  public static ExecutionId parse(String text) {
    return new ExecutionId(Uuid7.parse(text));
  }

  @Override
  public String toString() {
    return value.toString();
  }
}
