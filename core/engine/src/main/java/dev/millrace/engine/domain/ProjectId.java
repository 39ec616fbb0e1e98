package dev.millrace.engine.domain;

import java.util.UUID;

/** Names one project. Printed lower-case with hyphens. */
public record ProjectId(UUID value) {
  /**
   * Reads the printed form, with or without hyphens; throws IllegalArgumentException for other
   * text.
   */
  public static ProjectId parse(String text) {
    return new ProjectId(Uuid7.parse(text));
  }

  @Override
  public String toString() {
    return value.toString();
  }
}
