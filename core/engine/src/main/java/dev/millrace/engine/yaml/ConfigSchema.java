package dev.millrace.engine.yaml;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.PathType;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The JSON schema of a valohai.yaml.
 *
 * <p>What the schema library reports is folded: the unknown keys of one object are one problem, and
 * so is a failed choice ({@code oneOf}, {@code anyOf}), whatever is wrong inside it.
 */
final class ConfigSchema {
  private static final Set<String> CHOICES = Set.of("oneOf", "anyOf");
  private final JsonSchema schema;
  private final JsonNode source;

  ConfigSchema() {
    SchemaValidatorsConfig config =
        SchemaValidatorsConfig.builder()
            .pathType(PathType.JSON_POINTER)
            .locale(Locale.ROOT)
            .build();
    JsonSchemaFactory factory = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);
    try (InputStream in = ConfigSchema.class.getResourceAsStream("valohai-yaml.schema.json")) {
      if (in == null) {
        throw new IllegalStateException("valohai-yaml.schema.json is missing from the bundle");
      }
      source = new ObjectMapper().readTree(in);
      schema = factory.getSchema(source, config);
      schema.initializeValidators();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What breaks the schema: pointer of the object concerned and message. */
  record Violation(String pointer, String message) {}

  List<Violation> check(JsonNode document) {
    Map<String, List<String>> unknown = new LinkedHashMap<>();
    Map<String, Violation> found = new LinkedHashMap<>();
    for (ValidationMessage message : schema.validate(document)) {
      String pointer = message.getInstanceLocation().toString();
      String path = message.getEvaluationPath().toString();
      String keyword = message.getType();
      Choice choice = Choice.of(path, pointer);
      if (choice != null) {
        found.putIfAbsent(
            choice.path() + '\n' + choice.pointer(),
            new Violation(choice.pointer(), remedy(choice.path())));
      } else if (keyword.equals("additionalProperties")) {
        String key = path + '\n' + pointer;
        List<String> names = unknown.computeIfAbsent(key, k -> new ArrayList<>());
        names.add(message.getProperty());
        found.put(key, new Violation(YamlTree.child(pointer, names.get(0)), unknown(names)));
      } else {
        String property = message.getProperty() == null ? "" : message.getProperty();
        found.put(path + '\n' + pointer + '\n' + property, new Violation(pointer, text(message)));
      }
    }
    return List.copyOf(found.values());
  }

  /** The description that stands beside a choice in the schema says what to write. */
  private String remedy(String path) {
    JsonNode at = source;
    String[] steps = path.split("/", -1);
    for (int i = 1; i < steps.length - 1; i++) {
      at = at.path(steps[i]);
      if (steps[i].equals("$ref")) {
        at = source.at(at.asText().substring(1));
      }
    }
    String description = at.path("description").asText();
    return "fits none of the forms allowed here"
        + (description.isEmpty() ? "" : ": " + description);
  }

  private static String unknown(List<String> names) {
    return (names.size() == 1 ? "unknown key " : "unknown keys ") + String.join(", ", names);
  }

  private static String text(ValidationMessage message) {
    String text = message.getMessage();
    String place = message.getInstanceLocation() + ": ";
    return text.startsWith(place) ? text.substring(place.length()) : text;
  }

  /** The outermost choice that a message comes from, and the value that fits none of it. */
  private record Choice(String path, String pointer) {

    static @Nullable Choice of(String path, String pointer) {
      String[] steps = path.split("/", -1);
      int depth = 0;
      for (int i = 1; i < steps.length; i++) {
        if (CHOICES.contains(steps[i])) {
          return new Choice(
              String.join("/", List.of(steps).subList(0, i + 1)), ancestor(pointer, depth));
        }
        if (steps[i].equals("properties")) {
          depth++;
          i++;
        } else if (steps[i].equals("items") || steps[i].equals("additionalProperties")) {
          depth++;
        }
      }
      return null;
    }

    private static String ancestor(String pointer, int depth) {
      String[] steps = pointer.split("/", -1);
      return String.join("/", List.of(steps).subList(0, Math.min(steps.length, depth + 1)));
    }
  }
}
