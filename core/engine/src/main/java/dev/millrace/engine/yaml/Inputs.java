package dev.millrace.engine.yaml;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Checks the input URIs given for a run against a step. */
public final class Inputs {
  private Inputs() {}

  /**
   * The URIs of each input: those given, or the step's defaults where none were named, with
   * parameter values filled in. An input of the step that is not optional and has no URI is an
   * error.
   */
  public static Checked<List<String>> validate(
      Step step, Map<String, List<String>> given, Map<String, Object> parameters) {
    Map<String, List<String>> values = new LinkedHashMap<>();
    Map<String, List<FieldError>> errors = new LinkedHashMap<>();
    for (Input input : step.inputs()) {
      List<String> uris =
          given.getOrDefault(input.name(), input.defaults()).stream()
              .filter(uri -> !uri.isBlank())
              .map(uri -> Commands.uri(uri.strip(), step, parameters))
              .toList();
      if (uris.isEmpty() && !input.optional()) {
        errors.put(
            input.name(),
            List.of(new FieldError("At least one URI is required for this input", "required")));
      }
      values.put(input.name(), uris);
    }
    for (String name : given.keySet()) {
      if (step.input(name).isEmpty()) {
        errors.put(name, List.of(Parameters.unknown("input", name, step)));
      }
    }
    return new Checked<>(values, errors);
  }
}
