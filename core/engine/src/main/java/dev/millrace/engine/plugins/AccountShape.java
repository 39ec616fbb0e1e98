package dev.millrace.engine.plugins;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** What a plugin says an account of its may hold, and in which types. */
record AccountShape(Map<String, Field> fields) {
  /** The types of a key. */
  enum Type {
    TEXT,
    WHOLE,
    NUMBER,
    TRUTH
  }

  /** One key. */
  record Field(Type type, boolean list, boolean required) {}

  /** Checks the values and gives them the declared types. */
  Map<String, Object> fit(Map<String, Object> values) throws AccountFile.Bad {
    Map<String, Object> fitted = new HashMap<>();
    for (Map.Entry<String, Object> entry : values.entrySet()) {
      Field field = fields.get(entry.getKey());
      if (field == null) {
        throw new AccountFile.Bad(
            "unknown key \"" + entry.getKey() + "\"; known are " + new TreeSet<>(fields.keySet()));
      }
      fitted.put(entry.getKey(), fit(entry.getKey(), field, entry.getValue()));
    }
    for (Map.Entry<String, Field> field : fields.entrySet()) {
      if (field.getValue().required() && !values.containsKey(field.getKey())) {
        throw new AccountFile.Bad("key \"" + field.getKey() + "\" is missing");
      }
    }
    return fitted;
  }

  private static Object fit(String key, Field field, Object value) throws AccountFile.Bad {
    if (!(value instanceof List<?> items)) {
      Object one = scalar(key, field.type(), value);
      return field.list() ? array(field.type(), List.of(one)) : one;
    }
    if (!field.list()) {
      throw new AccountFile.Bad("key \"" + key + "\" takes one value, not a list");
    }
    List<Object> fitted = new ArrayList<>();
    for (Object item : items) {
      fitted.add(scalar(key, field.type(), item));
    }
    return array(field.type(), fitted);
  }

  private static Object array(Type type, List<Object> items) {
    return switch (type) {
      case TEXT -> items.toArray(String[]::new);
      case WHOLE -> items.toArray(Long[]::new);
      case NUMBER -> items.toArray(Double[]::new);
      case TRUTH -> items.toArray(Boolean[]::new);
    };
  }

  private static Object scalar(String key, Type type, Object value) throws AccountFile.Bad {
    boolean fits =
        switch (type) {
          case TEXT -> value instanceof String;
          case WHOLE -> value instanceof Long;
          case NUMBER -> value instanceof Long || value instanceof Double;
          case TRUTH -> value instanceof Boolean;
        };
    if (!fits) {
      throw new AccountFile.Bad(
          "key \""
              + key
              + "\" must be "
              + switch (type) {
                case TEXT -> "a text";
                case WHOLE -> "a whole number";
                case NUMBER -> "a number";
                case TRUTH -> "true or false";
              });
    }
    return type == Type.NUMBER ? (Object) ((Number) value).doubleValue() : value;
  }
}
