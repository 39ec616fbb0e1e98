package dev.millrace.engine.domain;

import java.util.UUID;

/** Names one alias of a tracked file. Printed lower-case with hyphens. */
public record DatumAliasId(UUID value) {
  /**
   * Reads the printed form, with or without hyphens; throws IllegalArgumentException for other
   * text.
   */
  public static DatumAliasId parse(String text) {
    return new DatumAliasId(Uuid7.parse(text));
  }

  @Override
  public String toString() {
    return value.toString();
  }
}
