package dev.millrace.persistence;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.engine.domain.CommitId;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.EnvironmentValue;
import dev.millrace.engine.domain.ExecutionInput;
import dev.millrace.engine.domain.ExecutionSpec;
import dev.millrace.engine.domain.InputFile;
import dev.millrace.engine.domain.InputId;
import dev.millrace.engine.domain.Mount;
import dev.millrace.engine.domain.Sealed;
import dev.millrace.engine.domain.StoreId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * An execution's spec as JSON text. Field by field, so that renaming a record's field changes no
 * stored row.
 */
final class SpecText {
  private SpecText() {}

  static String of(ExecutionSpec spec) {
    ObjectNode node = Json.object();
    node.put("commit", spec.commit().toString());
    node.put("commit_identifier", spec.commitIdentifier());
    node.put("step", spec.step());
    node.put("image", spec.image());
    texts(node.putArray("command_template"), spec.commandTemplate());
    texts(node.putArray("commands"), spec.commands());
    node.set("parameters", object(spec.parameters()));
    ArrayNode inputs = node.putArray("inputs");
    spec.inputs().forEach(input -> inputs.add(input(input)));
    ArrayNode variables = node.putArray("environment_variables");
    spec.environmentVariables().forEach(variable -> variables.add(variable(variable)));
    texts(node.putArray("environment_variable_groups"), spec.environmentVariableGroups());
    node.set("runtime_config", object(spec.runtimeConfig()));
    node.put("time_limit_seconds", spec.timeLimitSeconds());
    node.put("no_output_seconds", spec.noOutputSeconds());
    node.put("autorestart", spec.autorestart());
    ArrayNode mounts = node.putArray("mounts");
    spec.mounts().forEach(mount -> mounts.add(mount(mount)));
    node.put("upload_store", spec.uploadStore().toString());
    return node.toString();
  }

  static ExecutionSpec read(String text) {
    JsonNode node = Json.tree(text);
    return new ExecutionSpec(
        CommitId.parse(node.path("commit").asText()),
        node.path("commit_identifier").asText(),
        node.path("step").asText(),
        node.path("image").asText(),
        Json.texts(node.path("command_template")),
        Json.texts(node.path("commands")),
        map(node.path("parameters")),
        each(node.path("inputs"), SpecText::readInput),
        each(node.path("environment_variables"), SpecText::readVariable),
        Json.texts(node.path("environment_variable_groups")),
        map(node.path("runtime_config")),
        node.path("time_limit_seconds").asLong(),
        node.path("no_output_seconds").asLong(),
        node.path("autorestart").asBoolean(),
        each(node.path("mounts"), SpecText::readMount),
        StoreId.parse(node.path("upload_store").asText()));
  }

  private static ObjectNode input(ExecutionInput input) {
    ObjectNode node = Json.object();
    node.put("id", input.id().toString());
    node.put("name", input.name());
    texts(node.putArray("uris"), input.uris());
    ArrayNode files = node.putArray("files");
    for (InputFile file : input.files()) {
      ObjectNode one = files.addObject().put("name", file.name()).put("uri", file.uri());
      file.datum().ifPresent(datum -> one.put("datum", datum.toString()));
    }
    node.put("keep_directories", input.keepDirectories());
    return node;
  }

  private static ExecutionInput readInput(JsonNode node) {
    return new ExecutionInput(
        InputId.parse(node.path("id").asText()),
        node.path("name").asText(),
        Json.texts(node.path("uris")),
        each(
            node.path("files"),
            file ->
                new InputFile(
                    file.path("name").asText(),
                    file.path("uri").asText(),
                    text(file, "datum").map(DatumId::parse))),
        node.path("keep_directories").asText());
  }

  private static ObjectNode mount(Mount mount) {
    return Json.object()
        .put("source", mount.source())
        .put("destination", mount.destination())
        .put("read_only", mount.readOnly());
  }

  private static Mount readMount(JsonNode node) {
    return new Mount(
        node.path("source").asText(),
        node.path("destination").asText(),
        node.path("read_only").asBoolean());
  }

  private static ObjectNode variable(EnvironmentValue variable) {
    ObjectNode node = Json.object().put("name", variable.name());
    variable.value().ifPresent(value -> node.put("value", value));
    variable.sealed().ifPresent(secret -> node.put("sealed", secret.text()));
    return node;
  }

  private static EnvironmentValue readVariable(JsonNode node) {
    return new EnvironmentValue(
        node.path("name").asText(), text(node, "value"), text(node, "sealed").map(Sealed::new));
  }

  private static Optional<String> text(JsonNode node, String field) {
    return Optional.ofNullable(node.path(field).textValue());
  }

  private static void texts(ArrayNode array, List<String> items) {
    items.forEach(array::add);
  }

  private static ObjectNode object(Map<String, JsonNode> values) {
    ObjectNode node = Json.object();
    values.forEach(node::set);
    return node;
  }

  /** Keeps the order of the request. */
  private static Map<String, JsonNode> map(JsonNode node) {
    Map<String, JsonNode> values = new LinkedHashMap<>();
    node.fields().forEachRemaining(field -> values.put(field.getKey(), field.getValue()));
    return Collections.unmodifiableMap(values);
  }

  private static <T> List<T> each(JsonNode array, Function<JsonNode, T> reader) {
    List<T> items = new ArrayList<>();
    array.forEach(item -> items.add(reader.apply(item)));
    return List.copyOf(items);
  }
}
