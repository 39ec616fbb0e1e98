package dev.millrace.api.openapi;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonRawValue;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.api.http.Call;
import dev.millrace.api.http.Items;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * JSON schemas of the records that are read and written. A member of an answer is always there; one
 * of a request may be missing or null unless the method requires it.
 */
final class Schemas {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /** Whether values are read or written. */
  enum Direction {
    REQUEST,
    ANSWER
  }

  private final Map<String, ObjectNode> named = new TreeMap<>();
  private final Map<String, Type> types = new HashMap<>();

  /** The schemas that others refer to, by name. */
  Map<String, ObjectNode> named() {
    return named;
  }

  /** The schema of an answer's type. */
  ObjectNode answer(Type type) {
    return of(type, Direction.ANSWER);
  }

  /** The schema of an answer's record of which some members may be missing. */
  ObjectNode answer(Class<?> type, Collection<String> optional) {
    ObjectNode reference = of(type, Direction.ANSWER);
    ArrayNode required = named.getOrDefault(name(type), JSON.objectNode()).withArray("required");
    for (int i = required.size() - 1; i >= 0; i--) {
      if (optional.contains(required.get(i).asText())) {
        required.remove(i);
      }
    }
    return reference;
  }

  /** The schema of a request's record, with the members that it must have. */
  ObjectNode request(Class<?> type, List<String> required) {
    ObjectNode schema =
        type.isRecord() ? members(type, Direction.REQUEST) : of(type, Direction.REQUEST);
    schema.remove("required");
    for (String name : required) {
      ObjectNode member = (ObjectNode) schema.get("properties").get(name);
      if (member == null) {
        throw new IllegalStateException(type + " has no member " + name);
      }
      notNull(member);
    }
    if (!required.isEmpty()) {
      ArrayNode names = schema.putArray("required");
      required.forEach(names::add);
    }
    return schema;
  }

  private static void notNull(ObjectNode schema) {
    if (schema.get("type") instanceof ArrayNode kinds) {
      schema.put("type", kinds.get(0).asText());
    }
    if (schema.path("type").asText().equals("string") && !schema.has("format")) {
      schema.put("minLength", 1);
    }
  }

  private ObjectNode of(Type type, Direction direction) {
    if (type instanceof ParameterizedType generic) {
      return generic(generic, direction);
    }
    Class<?> raw = (Class<?>) type;
    if (raw == String.class) {
      return kind("string");
    }
    if (raw == int.class || raw == Integer.class) {
      return kind("integer").put("format", "int32");
    }
    if (raw == long.class || raw == Long.class) {
      return kind("integer").put("format", "int64");
    }
    if (raw == boolean.class || raw == Boolean.class) {
      return kind("boolean");
    }
    if (raw == BigDecimal.class || raw == double.class || raw == Double.class) {
      return kind("number");
    }
    if (raw == Instant.class) {
      return kind("string").put("format", "date-time");
    }
    if (raw.isEnum()) {
      ObjectNode schema = kind("string");
      ArrayNode words = schema.putArray("enum");
      for (Object constant : raw.getEnumConstants()) {
        words.add(((Enum<?>) constant).name());
      }
      return schema;
    }
    if (ObjectNode.class.isAssignableFrom(raw)) {
      return kind("object");
    }
    if (JsonNode.class.isAssignableFrom(raw) || raw == Object.class) {
      return JSON.objectNode();
    }
    if (raw.isRecord()) {
      return direction == Direction.REQUEST
          ? members(raw, direction)
          : reference(name(raw), raw, () -> members(raw, direction));
    }
    throw new IllegalStateException("the API has no form for " + type);
  }

  private ObjectNode generic(ParameterizedType type, Direction direction) {
    Class<?> raw = (Class<?>) type.getRawType();
    Type[] parts = type.getActualTypeArguments();
    if (raw == Optional.class) {
      return orNull(of(parts[0], direction));
    }
    if (Collection.class.isAssignableFrom(raw) || raw == Items.class) {
      ObjectNode schema = kind("array");
      schema.set("items", of(parts[0], direction));
      return schema;
    }
    if (Map.class.isAssignableFrom(raw)) {
      ObjectNode schema = kind("object");
      schema.set("additionalProperties", of(parts[1], direction));
      return schema;
    }
    if (raw == Call.Page.class) {
      return reference(
          name((Class<?>) parts[0]) + "Page",
          type,
          () -> {
            ObjectNode page = kind("object");
            ObjectNode members = page.putObject("properties");
            members.set("count", kind("integer").put("format", "int64").put("minimum", 0));
            members.set("next", orNull(kind("string").put("format", "uri")));
            members.set("previous", orNull(kind("string").put("format", "uri")));
            members.putObject("results").put("type", "array").set("items", answer(parts[0]));
            page.putArray("required").add("count").add("next").add("previous").add("results");
            return page;
          });
    }
    throw new IllegalStateException("the API has no form for " + type);
  }

  private ObjectNode members(Class<?> type, Direction direction) {
    ObjectNode schema = kind("object");
    ObjectNode members = JSON.objectNode();
    ArrayNode required = JSON.arrayNode();
    for (RecordComponent component : type.getRecordComponents()) {
      if (component.getAccessor().isAnnotationPresent(JsonUnwrapped.class)) {
        ObjectNode inner = members((Class<?>) component.getGenericType(), direction);
        members.setAll((ObjectNode) inner.get("properties"));
        inner.withArray("required").forEach(required::add);
        continue;
      }
      String name =
          PropertyNamingStrategies.SnakeCaseStrategy.INSTANCE.translate(component.getName());
      members.set(name, member(component, direction));
      JsonInclude include = component.getAccessor().getAnnotation(JsonInclude.class);
      if (include == null || include.value() != JsonInclude.Include.NON_NULL) {
        required.add(name);
      }
    }
    schema.set("properties", members);
    schema.set("required", required);
    return schema;
  }

  private ObjectNode member(RecordComponent component, Direction direction) {
    ObjectNode schema =
        component.getAccessor().isAnnotationPresent(JsonRawValue.class)
            ? kind("object")
            : of(component.getGenericType(), direction);
    Format format = component.getAnnotation(Format.class);
    if (format != null && !format.value().isEmpty()) {
      schema.put("format", format.value());
    }
    if (format != null && format.words().length > 0) {
      ArrayNode words = schema.putArray("enum");
      Arrays.stream(format.words()).forEach(words::add);
    }
    return direction == Direction.REQUEST && !component.getType().isPrimitive()
        ? orNull(schema)
        : schema;
  }

  private ObjectNode reference(
      String name, Type type, java.util.function.Supplier<ObjectNode> schema) {
    Type before = types.putIfAbsent(name, type);
    if (before == null) {
      named.put(name, schema.get());
    } else if (!before.equals(type)) {
      throw new IllegalStateException(type + " and " + before + " would both be called " + name);
    }
    return JSON.objectNode().put("$ref", "#/components/schemas/" + name);
  }

  /** A record within a resource has a name of its own; within another record it needs both. */
  private static String name(Class<?> type) {
    Class<?> outer = type.getEnclosingClass();
    boolean alone = outer == null || outer.getSimpleName().endsWith("Resource");
    return (alone ? "" : outer.getSimpleName()) + type.getSimpleName();
  }

  static ObjectNode kind(String kind) {
    return JSON.objectNode().put("type", kind);
  }

  private static ObjectNode orNull(ObjectNode schema) {
    JsonNode kind = schema.get("type");
    if (kind != null && kind.isTextual()) {
      schema.set("type", JSON.arrayNode().add(kind).add("null"));
      if (schema.get("enum") instanceof ArrayNode words) {
        words.addNull();
      }
      return schema;
    }
    if (schema.isEmpty() || (kind != null && Set.of("null").contains(kind.asText()))) {
      return schema;
    }
    ObjectNode either = JSON.objectNode();
    either.putArray("anyOf").add(schema).add(kind("null"));
    return either;
  }
}
