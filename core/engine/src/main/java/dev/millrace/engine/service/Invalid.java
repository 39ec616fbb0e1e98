package dev.millrace.engine.service;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What was asked for makes no sense. Names each field with its problems; problems of several fields
 * together stand under {@link #NON_FIELD}. A field inside another is written {@code
 * parameters.learning_rate}.
 */
public final class Invalid extends Refusal {
  /** The key of problems that belong to no single field. */
  public static final String NON_FIELD = "non_field_errors";

  private static final long serialVersionUID = 1;
  private final transient Map<String, List<Problem>> fields;

  public Invalid(Map<String, List<Problem>> fields) {
    super("invalid", describe(fields));
    this.fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
  }

  /** One problem of one field. */
  public static Invalid field(String field, String message, String code) {
    return new Invalid(Map.of(field, List.of(new Problem(message, code))));
  }

  /** One problem that belongs to no single field. */
  public static Invalid nonField(String message, String code) {
    return field(NON_FIELD, message, code);
  }

  /** Problems by field, in the order in which they were found. */
  public Map<String, List<Problem>> fields() {
    return fields;
  }

  private static String describe(Map<String, List<Problem>> fields) {
    return fields.entrySet().stream()
        .map(
            e ->
                e.getKey()
                    + ": "
                    + e.getValue().stream().map(Problem::message).collect(Collectors.joining(", ")))
        .collect(Collectors.joining("; "));
  }
}
