package dev.millrace.engine.domain;

import java.util.UUID;

/** Names one commit of one project. Printed lower-case with hyphens. */
public record CommitId(UUID value) {
  /**
   * Reads the printed form, with or without hyphens; throws IllegalArgumentException for other
   * text.
   */
  public static CommitId parse(String text) {
    return new CommitId(Uuid7.parse(text));
  }

  @Override
  public String toString() {
    return value.toString();
  }
}
