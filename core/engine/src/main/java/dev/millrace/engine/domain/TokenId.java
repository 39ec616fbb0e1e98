package dev.millrace.engine.domain;

import java.util.UUID;

/** Names one API token or join token. Printed lower-case with hyphens. */
public record TokenId(UUID value) {
  /**
   * Reads the printed form, with or without hyphens; throws IllegalArgumentException for other
   * text.
   */
  public static TokenId parse(String text) {
    return new TokenId(Uuid7.parse(text));
  }

  @Override
  public String toString() {
    return value.toString();
  }
}
