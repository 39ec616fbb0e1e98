package dev.millrace.engine.domain;

import java.util.Optional;

/** A variable of a run: {@code value} in the clear, or {@code sealed} for a secret; never both. */
public record EnvironmentValue(String name, Optional<String> value, Optional<Sealed> sealed) {
  /** What the secrets of an execution are sealed with, so that no other row can use them. */
  public static String context(ExecutionId execution) {
    return "execution:" + execution;
  }

  public boolean secret() {
    return sealed.isPresent();
  }
}
