package dev.millrace.engine.domain;

import java.util.Optional;
import java.util.UUID;

/**
 * A variable of a run, a project or a group: {@code value} in the clear, or {@code sealed} for a
 * secret; never both.
 */
public record EnvironmentValue(String name, Optional<String> value, Optional<Sealed> sealed) {
  /** What the secrets of an execution are sealed with, so that no other row can use them. */
  public static String context(ExecutionId execution) {
    return "execution:" + execution;
  }

  /** What the secrets of a project or a group are sealed with; a run gets copies of its own. */
  public static String context(UUID holder) {
    return "variables:" + holder;
  }

  public boolean secret() {
    return sealed.isPresent();
  }
}
