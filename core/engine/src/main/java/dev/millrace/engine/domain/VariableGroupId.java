package dev.millrace.engine.domain;

import java.util.UUID;

/** Names one group of environment variables. Printed lower-case with hyphens. */
public record VariableGroupId(UUID value) {
  /**
   * Reads the printed form, with or without hyphens; throws IllegalArgumentException for other
   * text.
   */
  public static VariableGroupId parse(String text) {
    return new VariableGroupId(Uuid7.parse(text));
  }

  @Override
  public String toString() {
    return value.toString();
  }
}
