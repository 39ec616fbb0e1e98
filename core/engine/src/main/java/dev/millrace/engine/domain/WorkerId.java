package dev.millrace.engine.domain;

import java.util.UUID;

/** Names one registered worker. Printed lower-case with hyphens. */
public record WorkerId(UUID value) {
  /**
   * Reads the printed form, with or without hyphens; throws IllegalArgumentException for other
   * text.
   */
  public static WorkerId parse(String text) {
    return new WorkerId(Uuid7.parse(text));
  }

  @Override
  public String toString() {
    return value.toString();
  }
}
