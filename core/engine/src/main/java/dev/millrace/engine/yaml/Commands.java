package dev.millrace.engine.yaml;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Fills the placeholders of commands and of input URIs with parameter values. */
public final class Commands {
  private static final Pattern PLACEHOLDER = Pattern.compile("\\{(.+?)\\}", Pattern.UNIX_LINES);
  private static final String WORDS_OF = "parameter:";
  private static final String VALUE_OF = "parameter-value:";

  private final List<Parameter> parameters;
  private final Map<String, Object> values;
  private final @Nullable String sourcePath;

  private Commands(
      List<Parameter> parameters, Map<String, Object> values, @Nullable String sourcePath) {
    this.parameters = parameters;
    this.values = values;
    this.sourcePath = sourcePath;
  }

  /**
   * The step's commands with every placeholder filled in; {@code values} are those that {@link
   * Parameters#validate} gave. IllegalArgumentException names a pass-as that cannot be filled in.
   */
  public static List<String> build(
      Step step, Map<String, Object> values, @Nullable String sourcePath) {
    return build(step.commands(), step, values, sourcePath);
  }

  /** As the other build, with other commands than the step's own. */
  public static List<String> build(
      List<String> commands, Step step, Map<String, Object> values, @Nullable String sourcePath) {
    Commands build = new Commands(step.parameters(), values, sourcePath);
    return commands.stream().map(build::command).toList();
  }

  /** An input URI with {@code {parameter:x}} replaced by the bare value of x. */
  public static String uri(String uri, Step step, Map<String, Object> values) {
    Commands build = new Commands(step.parameters(), values, null);
    return PLACEHOLDER
        .matcher(uri)
        .replaceAll(found -> Matcher.quoteReplacement(build.bare(found.group(1), found.group())));
  }

  /**
   * Commands as one text: blank ones dropped, the shebang line of the first kept alone at the
   * start.
   */
  public static String join(List<String> commands, String joiner) {
    List<String> kept =
        new ArrayList<>(commands.stream().filter(command -> !command.isBlank()).toList());
    if (kept.isEmpty() || !kept.get(0).startsWith("#!")) {
      return String.join(joiner, kept);
    }
    String[] parts = kept.remove(0).split("\\R", 2);
    if (parts.length > 1 && !parts[1].isBlank()) {
      kept.add(0, parts[1]);
    }
    return parts[0] + "\n" + String.join(joiner, kept);
  }

  private String command(String command) {
    return PLACEHOLDER
        .matcher(command)
        .replaceAll(found -> Matcher.quoteReplacement(filled(found.group(1), found.group())))
        .strip();
  }

  private String filled(String key, String original) {
    if (key.equals("source-path")) {
      return sourcePath == null ? original : Shell.quote(sourcePath);
    }
    if (key.equals("parameters") || key.equals("params")) {
      return parameters.stream()
          .flatMap(parameter -> words(parameter).stream())
          .map(Shell::quote)
          .collect(Collectors.joining(" "));
    }
    if (key.startsWith(WORDS_OF)) {
      return declared(key.substring(WORDS_OF.length()))
          .map(p -> words(p).stream().map(Shell::quote).collect(Collectors.joining(" ")))
          .orElse(original);
    }
    if (key.startsWith(VALUE_OF)) {
      String name = key.substring(VALUE_OF.length());
      Object value = values.get(name);
      if (value == null) {
        return declared(name).isPresent() ? "" : original;
      }
      return Shell.quote(text(name, value));
    }
    return original;
  }

  private String bare(String key, String original) {
    String name =
        key.startsWith(WORDS_OF)
            ? key.substring(WORDS_OF.length())
            : key.startsWith(VALUE_OF) ? key.substring(VALUE_OF.length()) : null;
    if (name == null) {
      return original;
    }
    Object value = values.get(name);
    return value == null ? declared(name).isPresent() ? "" : original : text(name, value);
  }

  private Optional<Parameter> declared(String name) {
    return parameters.stream().filter(p -> p.name().equals(name)).findFirst();
  }

  private String text(String name, Object value) {
    if (!(value instanceof List<?> items)) {
      return PythonText.str(value);
    }
    String separator = declared(name).map(Parameter::multipleSeparator).orElse(",");
    return items.stream().map(PythonText::str).collect(Collectors.joining(separator));
  }

  /** The words, not yet quoted, that one parameter adds to a command. */
  private List<String> words(Parameter parameter) {
    Object value = values.get(parameter.name());
    if (value == null) {
      return List.of();
    }
    if (parameter.type() == Parameter.Type.FLAG) {
      return flag(parameter, value);
    }
    String template = parameter.passAs() == null ? "--{name}={value}" : parameter.passAs();
    List<?> items = value instanceof List<?> list ? list : List.of(value);
    return switch (parameter.multiple()) {
      case NONE -> {
        if (value instanceof List<?>) {
          throw new IllegalArgumentException(
              "parameter " + parameter.name() + " takes a single value, not a list");
        }
        yield words(template, parameter.name(), value);
      }
      case REPEAT ->
          items.stream().flatMap(i -> words(template, parameter.name(), i).stream()).toList();
      case SEPARATE ->
          items.isEmpty()
              ? List.of()
              : words(
                  template,
                  parameter.name(),
                  items.stream()
                      .map(PythonText::str)
                      .collect(Collectors.joining(parameter.multipleSeparator())));
    };
  }

  private static List<String> flag(Parameter parameter, Object value) {
    boolean on = truthy(value);
    String template;
    if (parameter.passTrueAs() != null || parameter.passFalseAs() != null) {
      template = on ? parameter.passTrueAs() : parameter.passFalseAs();
    } else if (on) {
      template = parameter.passAs() == null ? "--{name}" : parameter.passAs();
    } else {
      template = null;
    }
    return template == null ? List.of() : words(template, parameter.name(), value);
  }

  private static boolean truthy(Object value) {
    if (value instanceof Boolean flag) {
      return flag;
    }
    if (value instanceof Number number) {
      return number.doubleValue() != 0;
    }
    return !(value instanceof List<?> list ? list.isEmpty() : value.equals(""));
  }

  private static List<String> words(String template, String name, Object value) {
    try {
      List<String> words = new ArrayList<>();
      // Split before filling, so that a blank inside a value never makes two words.
      for (String piece : template.strip().split("\\s+")) {
        if (!piece.isEmpty()) {
          words.add(PassAs.fill(piece, name, value));
        }
      }
      return words;
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("pass-as of parameter " + name + ": " + e.getMessage(), e);
    }
  }
}
