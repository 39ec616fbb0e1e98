package dev.millrace.engine.domain;

import java.util.UUID;

/** Names one input of one execution. Printed lower-case with hyphens. */
public record InputId(UUID value) {
  /**
   * Reads the printed form, with or without hyphens; throws IllegalArgumentException for other
   * text.
   */
  public static InputId parse(String text) {
    return new InputId(Uuid7.parse(text));
  }

  @Override
  public String toString() {
    return value.toString();
  }
}
