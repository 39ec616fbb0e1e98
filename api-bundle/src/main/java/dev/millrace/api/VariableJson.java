package dev.millrace.api;

import dev.millrace.engine.domain.EnvironmentValue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An environment variable as clients read it; the value of a secret is null. */
public record VariableJson(boolean secret, Optional<String> value) {
  /** By name. */
  static Map<String, VariableJson> of(List<EnvironmentValue> variables) {
    Map<String, VariableJson> named = new LinkedHashMap<>();
    variables.forEach(v -> named.put(v.name(), new VariableJson(v.secret(), v.value())));
    return named;
  }
}
