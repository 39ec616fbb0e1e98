package dev.millrace.engine.yaml;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** Warns of what is odd in a parameter although it can be used. */
final class ParameterLint {
  private final Problems problems;

  ParameterLint(Problems problems) {
    this.problems = problems;
  }

  void check(Parameter parameter, JsonNode json, String at) {
    boolean flag = parameter.type() == Parameter.Type.FLAG;
    boolean trueOrFalse = json.has("pass-true-as") || json.has("pass-false-as");
    if (flag && json.path("optional").asBoolean(false)) {
      problems.warning(at, "optional has no effect on a flag");
    }
    if (flag && trueOrFalse && json.has("pass-as")) {
      problems.warning(at, "pass-as has no effect beside pass-true-as or pass-false-as");
    }
    if (!flag && trueOrFalse) {
      problems.warning(at, "pass-true-as and pass-false-as have no effect on a non-flag");
    }
    defaults(parameter, json, at);
  }

  /** Each truthy default is checked; what is falsy is let through, as the clients' linter does. */
  private void defaults(Parameter parameter, JsonNode json, String at) {
    JsonNode otherwise = json.path("default");
    List<JsonNode> items = new ArrayList<>();
    if (otherwise.isArray()) {
      otherwise.forEach(items::add);
    } else {
      items.add(otherwise);
    }
    List<FieldError> errors = new ArrayList<>();
    for (JsonNode item : items) {
      if (falsy(item)) {
        continue;
      }
      if (parameter.type() == Parameter.Type.STRING && !item.isTextual()) {
        errors.add(new FieldError("the default is not a text; quote it", "invalid"));
        continue;
      }
      Object value = Values.of(item);
      if (value != null) {
        Parameters.item(parameter, value, errors);
      }
    }
    if (!errors.isEmpty()) {
      problems.warning(
          YamlTree.child(at, "default"),
          "the default of " + parameter.name() + " does not fit: " + errors.get(0).message());
    }
  }

  private static boolean falsy(JsonNode item) {
    return item.isMissingNode()
        || item.isNull()
        || (item.isBoolean() && !item.booleanValue())
        || (item.isNumber() && item.doubleValue() == 0)
        || (item.isTextual() && item.asText().isEmpty())
        || (item.isContainerNode() && item.isEmpty());
  }
}
