package dev.millrace.engine.domain;

import java.util.UUID;

/** Names one data store. Printed lower-case with hyphens. */
public record StoreId(UUID value) {
  /**
   * Reads the printed form, with or without hyphens; throws IllegalArgumentException for other
   * text.
   */
  public static StoreId parse(String text) {
    return new StoreId(Uuid7.parse(text));
  }

  @Override
  public String toString() {
    return value.toString();
  }
}
