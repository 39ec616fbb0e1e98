package dev.millrace.engine.yaml;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What came of checking given values against a step: the values to use, or why not.
 *
 * @param values in the order of the step; what has no value is left out
 * @param errors by name of the parameter, input or variable; empty when all is well
 */
public record Checked<V>(Map<String, V> values, Map<String, List<FieldError>> errors) {

  public Checked {
    values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    errors = Collections.unmodifiableMap(new LinkedHashMap<>(errors));
  }

  /** Whether every value was good. */
  public boolean ok() {
    return errors.isEmpty();
  }
}
