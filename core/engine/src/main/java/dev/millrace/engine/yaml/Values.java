package dev.millrace.engine.yaml;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Turns JSON into the plain values that parameters have. */
final class Values {
  private Values() {}

  /** Text, boolean, Long, BigInteger, Double, a list of these, or null; a map stays JSON. */
  static @Nullable Object of(JsonNode json) {
    if (json.isNull() || json.isMissingNode()) {
      return null;
    }
    if (json.isTextual() || json.isPojo()) {
      return json.asText();
    }
    if (json.isBoolean()) {
      return json.booleanValue();
    }
    if (json.isIntegralNumber()) {
      return json.canConvertToLong() ? (Object) json.longValue() : json.bigIntegerValue();
    }
    if (json.isNumber()) {
      return json.doubleValue();
    }
    if (json.isArray()) {
      List<Object> items = new ArrayList<>();
      for (JsonNode item : json) {
        Object value = of(item);
        // A null inside a list has no place in an immutable list; it stays recognisable as JSON.
        items.add(value == null ? item : value);
      }
      return List.copyOf(items);
    }
    return json;
  }

  /** Equality as in Python: 1, 1.0 and true are equal, 5 and "5" are not. */
  static boolean same(Object a, Object b) {
    Object left = number(a);
    Object right = number(b);
    if (left instanceof Number x && right instanceof Number y) {
      return PythonText.decimal(x).compareTo(PythonText.decimal(y)) == 0;
    }
    return left.equals(right);
  }

  private static Object number(Object value) {
    if (value instanceof Boolean flag) {
      return flag ? 1L : 0L;
    }
    boolean odd = value instanceof Double d && (d.isNaN() || d.isInfinite());
    return odd ? "float:" + value : value;
  }
}
