package dev.millrace.engine.plugins;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An account as the operator wrote it: {@code <pid>~<name>.json}, one JSON object of texts,
 * numbers, truth values and lists of them. A key with a leading dot is a secret: its value, or
 * {@code {"file": "/path"}}.
 */
record AccountFile(String file, String pid, String name, Map<String, Object> values) {
  private static final Pattern FORM =
      Pattern.compile("([A-Za-z0-9_.-]{1,200})~([A-Za-z0-9_.-]{1,63})\\.json");
  private static final Pattern VARIABLE = Pattern.compile("\\$\\{([a-z.]+)}");
  private static final long LARGEST = 1 << 20;
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .build();

  /** An account that makes no sense; the message says what to change, and holds no secret. */
  static final class Bad extends Exception {
    private static final long serialVersionUID = 1L;

    Bad(String message) {
      super(message);
    }
  }

  /** The PID and the account's name in a file's name; empty if it is no account's. */
  static Optional<Matcher> name(Path file) {
    Path name = file.getFileName();
    return name == null
        ? Optional.empty()
        : Optional.of(FORM.matcher(name.toString())).filter(Matcher::matches);
  }

  /** Reads a file; {@code variables} are what {@code ${…}} may name in a text. */
  static AccountFile read(Path file, Map<String, String> variables) throws Bad, IOException {
    Matcher form = name(file).orElseThrow(() -> new Bad("its name is not <pid>~<name>.json"));
    if (Files.size(file) > LARGEST) {
      throw new Bad("it is larger than 1 MiB");
    }
    JsonNode root;
    try {
      root = JSON.readTree(Files.readAllBytes(file));
    } catch (JsonProcessingException e) {
      throw new Bad(
          "it is not JSON, line "
              + (e.getLocation() == null ? "?" : e.getLocation().getLineNr())
              + ": "
              + e.getOriginalMessage().replaceAll("\\p{Cntrl}+", " "));
    }
    if (!root.isObject()) {
      throw new Bad("it must hold one JSON object");
    }
    Map<String, Object> values = new HashMap<>();
    for (Map.Entry<String, JsonNode> field : root.properties()) {
      String key = field.getKey();
      values.put(key, value(key, field.getValue(), text -> expand(key, text, variables)));
    }
    return new AccountFile(form.group(0), form.group(1), form.group(2), Map.copyOf(values));
  }

  /** Whether a key's value must not be stored or shown. */
  static boolean isSecret(String key) {
    return key.startsWith(".");
  }

  private static Object value(String key, JsonNode node, UnaryOperator<String> expand) throws Bad {
    if (isSecret(key) && node.isObject()) {
      return secretFrom(key, node);
    }
    if (node.isArray()) {
      List<Object> items = new ArrayList<>();
      for (JsonNode item : node) {
        items.add(scalar(key, item, expand));
      }
      return List.copyOf(items);
    }
    return scalar(key, node, expand);
  }

  private static Object scalar(String key, JsonNode node, UnaryOperator<String> expand) throws Bad {
    if (node.isTextual()) {
      String text = node.textValue();
      try {
        return isSecret(key) ? text : expand.apply(text);
      } catch (IllegalArgumentException e) {
        throw new Bad(String.valueOf(e.getMessage()));
      }
    }
    if (node.isBoolean()) {
      return node.booleanValue();
    }
    if (node.isIntegralNumber() && node.canConvertToLong()) {
      return node.longValue();
    }
    if (node.isNumber()) {
      return node.doubleValue();
    }
    throw new Bad("key \"" + key + "\" must be a text, a number, true or false, or a list of them");
  }

  private static String secretFrom(String key, JsonNode node) throws Bad {
    JsonNode path = node.get("file");
    if (path == null || !path.isTextual() || node.size() != 1) {
      throw new Bad("secret \"" + key + "\" must be a text or {\"file\": \"/path\"}");
    }
    try {
      Path file = Path.of(path.textValue());
      if (!file.isAbsolute()) {
        throw new Bad("secret \"" + key + "\": give the file an absolute path");
      }
      if (Files.size(file) > LARGEST) {
        throw new Bad("secret \"" + key + "\": " + file + " is larger than 1 MiB");
      }
      return Files.readString(file, StandardCharsets.UTF_8).stripTrailing();
    } catch (IOException | InvalidPathException e) {
      throw new Bad(
          "secret \""
              + key
              + "\": "
              + path.textValue()
              + " cannot be read ("
              + e.getClass().getSimpleName()
              + ")");
    }
  }

  private static String expand(String key, String text, Map<String, String> variables) {
    Matcher matcher = VARIABLE.matcher(text);
    return matcher.replaceAll(
        found -> {
          String value = variables.get(found.group(1));
          if (value == null) {
            throw new IllegalArgumentException(
                "key \""
                    + key
                    + "\" names ${"
                    + found.group(1)
                    + "}; known are "
                    + variables.keySet().stream().sorted().toList());
          }
          return Matcher.quoteReplacement(value);
        });
  }

  @Override
  public String toString() {
    return "AccountFile[" + file + "]";
  }
}
