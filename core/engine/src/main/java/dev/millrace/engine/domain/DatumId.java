package dev.millrace.engine.domain;

import java.util.UUID;

/** Names one tracked file. Printed lower-case with hyphens. */
public record DatumId(UUID value) {
  /**
   * Reads the printed form, with or without hyphens; throws IllegalArgumentException for other
   * text.
   */
  public static DatumId parse(String text) {
    return new DatumId(Uuid7.parse(text));
  }

  @Override
  public String toString() {
    return value.toString();
  }
}
