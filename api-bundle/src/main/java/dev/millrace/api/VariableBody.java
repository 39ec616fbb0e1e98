package dev.millrace.api;

import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.service.Variables;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A variable to set. */
public record VariableBody(
    @Nullable String name, @Nullable String value, @Nullable Boolean secret) {
  Variables.Given given() {
    return new Variables.Given(
        Optional.ofNullable(name).map(String::strip).orElse(""),
        Secret.of(Optional.ofNullable(value).orElse("")),
        Boolean.TRUE.equals(secret));
  }

  @Override
  public String toString() {
    return "VariableBody[" + name + ", ***]";
  }

  /** Which variable to delete. */
  public record Named(@Nullable String name) {
    String text() {
      return Optional.ofNullable(name).map(String::strip).orElse("");
    }
  }
}
