package dev.millrace.engine.yaml;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Checks parameter values against a step and brings them into their types. */
public final class Parameters {
  private static final Pattern INTEGER = Pattern.compile("[-+]?[0-9]+(?:_[0-9]+)*");
  private static final Pattern FLOAT =
      Pattern.compile(
          "[-+]?(?:(?:[0-9]+(?:_[0-9]+)*)?\\.?(?:[0-9]+(?:_[0-9]+)*)?(?:[eE][-+]?[0-9]+)?)");
  private static final Pattern INFINITE = Pattern.compile("(?i)([-+]?)inf(?:inity)?");
  private static final Pattern NOT_A_NUMBER = Pattern.compile("(?i)[-+]?nan");
  private static final int MAX_DIGITS = 4300;
  private static final int MAX_ITEMS = 10_000;

  private Parameters() {}

  /**
   * The values a run of this step gets: what was given, brought into its type, then defaults.
   *
   * <p>A null given is "no value": it hides a default. The default of a flag is never used; whoever
   * asks a person sets flags explicitly. A parameter without value, default and {@code optional} is
   * an error, and so is a name that the step does not have.
   */
  public static Checked<Object> validate(Step step, Map<String, JsonNode> given) {
    Map<String, Object> values = new LinkedHashMap<>();
    Map<String, List<FieldError>> errors = new LinkedHashMap<>();
    for (Parameter parameter : step.parameters()) {
      List<FieldError> found = new ArrayList<>();
      Object value = value(parameter, given, found);
      if (!found.isEmpty()) {
        errors.put(parameter.name(), List.copyOf(found));
      } else if (value != null) {
        values.put(parameter.name(), value);
      }
    }
    for (String name : given.keySet()) {
      if (step.parameter(name).isEmpty()) {
        errors.put(name, List.of(unknown("parameter", name, step)));
      }
    }
    return new Checked<>(values, errors);
  }

  static FieldError unknown(String what, String name, Step step) {
    return new FieldError(
        "Step \""
            + step.name()
            + "\" has no "
            + what
            + " \""
            + name
            + "\" in this commit; commit and push the valohai.yaml that has it, or leave it out",
        "unknown");
  }

  private static @Nullable Object value(
      Parameter parameter, Map<String, JsonNode> given, List<FieldError> errors) {
    JsonNode node = given.get(parameter.name());
    Object asked = node == null ? null : Values.of(node);
    boolean emptyList = asked instanceof List<?> list && list.isEmpty();
    if (asked != null && !(emptyList && parameter.defaultValue() == null)) {
      return check(parameter, asked, errors);
    }
    boolean flag = parameter.type() == Parameter.Type.FLAG;
    Object otherwise = flag ? null : parameter.defaultValue();
    if (otherwise == null && !parameter.optional()) {
      errors.add(new FieldError("A value is required", "required"));
      return null;
    }
    return node == null && otherwise != null ? check(parameter, otherwise, errors) : null;
  }

  /** The value in its type, a list where {@code multiple} says so; adds what is wrong to errors. */
  static @Nullable Object check(Parameter parameter, Object value, List<FieldError> errors) {
    if (!parameter.isMultiple()) {
      return value instanceof List<?>
          ? refuse(errors, "Only a single value is allowed", "single_value")
          : item(parameter, value, errors);
    }
    List<?> items = value instanceof List<?> list ? list : List.of(value);
    if (items.size() > MAX_ITEMS) {
      return refuse(errors, "At most " + MAX_ITEMS + " values are allowed", "too_many");
    }
    List<Object> checked = new ArrayList<>();
    for (Object item : items) {
      Object good = item(parameter, item, errors);
      if (good != null) {
        checked.add(good);
      }
    }
    return List.copyOf(checked);
  }

  static @Nullable Object item(Parameter parameter, Object given, List<FieldError> errors) {
    Object value = given;
    if (given instanceof JsonNode json) {
      return json.isNull()
          ? refuse(errors, "No value supplied", "required")
          : refuse(errors, "A map is not a value; give a text, number or boolean", "invalid");
    }
    if (given instanceof List<?>) {
      return refuse(errors, "A list inside a list is not a value", "invalid");
    }
    Parameter.Type type = parameter.type();
    if (type == Parameter.Type.INTEGER || type == Parameter.Type.FLOAT) {
      String text = PythonText.str(given).strip();
      if (text.isEmpty()) {
        return refuse(errors, "No value supplied", "required");
      }
      value = type == Parameter.Type.INTEGER ? integer(text) : floating(text);
      if (value == null) {
        String what = type == Parameter.Type.INTEGER ? "an integer" : "a floating-point number";
        return refuse(errors, shown(given) + " is not " + what, "invalid");
      }
    }
    return bounded(parameter, value, errors);
  }

  private static @Nullable Object bounded(
      Parameter parameter, Object value, List<FieldError> errors) {
    if (value instanceof Number number) {
      Double min = parameter.min();
      Double max = parameter.max();
      if (min != null && number.doubleValue() < min) {
        return refuse(
            errors, shown(value) + " is less than the minimum " + shown(min), "min_value");
      }
      if (max != null && number.doubleValue() > max) {
        return refuse(
            errors, shown(value) + " is greater than the maximum " + shown(max), "max_value");
      }
    }
    if (parameter.type() == Parameter.Type.FLAG) {
      for (Boolean choice : List.of(true, false)) {
        if (Values.same(value, choice)) {
          return choice;
        }
      }
      return refuse(errors, shown(value) + " is neither true nor false", "invalid_choice");
    }
    boolean allowed =
        parameter.choices().isEmpty()
            || parameter.choices().stream().anyMatch(choice -> Values.same(choice, value));
    if (!allowed) {
      String list = PythonText.str(parameter.choices());
      return refuse(errors, shown(value) + " is not among the choices " + list, "invalid_choice");
    }
    return value;
  }

  private static @Nullable Object refuse(List<FieldError> errors, String message, String code) {
    errors.add(new FieldError(message, code));
    return null;
  }

  private static String shown(Object value) {
    String text = PythonText.str(value);
    return text.length() > 200 ? text.substring(0, 200) + "…" : text;
  }

  private static @Nullable Object integer(String text) {
    if (text.length() > MAX_DIGITS || !INTEGER.matcher(text).matches()) {
      return null;
    }
    BigInteger value = new BigInteger(text.replace("_", "").replaceFirst("^\\+", ""));
    return value.bitLength() < 64 ? (Object) value.longValue() : value;
  }

  private static @Nullable Object floating(String text) {
    if (NOT_A_NUMBER.matcher(text).matches()) {
      return Double.NaN;
    }
    if (INFINITE.matcher(text).matches()) {
      return text.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }
    if (text.length() > MAX_DIGITS || !FLOAT.matcher(text).matches()) {
      return null;
    }
    try {
      return Double.parseDouble(text.replace("_", ""));
    } catch (NumberFormatException e) {
      return null;
    }
  }
}
