package dev.millrace.engine.yaml;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A parameter of a step.
 *
 * <p>Values are {@link String}, {@link Boolean}, {@link Long}, {@link java.math.BigInteger}, {@link
 * Double} or, where {@code multiple} allows, a {@link List} of these.
 *
 * @param defaultValue null when there is none; a list when {@code multiple} is not NONE
 * @param choices empty when every value is allowed
 */
public record Parameter(
    String name,
    Type type,
    @Nullable Object defaultValue,
    boolean optional,
    @Nullable Double min,
    @Nullable Double max,
    List<Object> choices,
    @Nullable String description,
    @Nullable String category,
    @Nullable Widget widget,
    Multiple multiple,
    String multipleSeparator,
    @Nullable String passAs,
    @Nullable String passTrueAs,
    @Nullable String passFalseAs) {

  public Parameter {
    choices = List.copyOf(choices);
  }

  /** What values a parameter takes. */
  public enum Type {
    FLAG,
    FLOAT,
    INTEGER,
    STRING;

    static Type of(String text) {
      return valueOf(text.toUpperCase(Locale.ROOT));
    }

    String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Whether and how a list of values is passed. */
  public enum Multiple {
    NONE,
    REPEAT,
    SEPARATE
  }

  /** How a console may ask for the value; nothing in the engine depends on it. */
  public record Widget(String type, String settingsJson) {}

  /** Whether a list of values is allowed. */
  public boolean isMultiple() {
    return multiple != Multiple.NONE;
  }
}
