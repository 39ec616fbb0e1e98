package dev.millrace.engine.yaml;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Makes a step from JSON that fits the schema. */
final class StepParser {
  private final Problems problems;

  StepParser(Problems problems) {
    this.problems = problems;
  }

  Step step(JsonNode step, String at) {
    return new Step(
        step.path("name").asText(),
        step.path("image").asText(),
        texts(step.path("command")),
        text(step, "description"),
        text(step, "category"),
        text(step, "icon"),
        text(step, "environment"),
        text(step, "runtime-config-preset"),
        step.has("autorestart") ? (Boolean) step.get("autorestart").booleanValue() : null,
        named(step, at, "parameters", this::parameter, Parameter::name),
        named(step, at, "inputs", (json, pointer) -> input(json), Input::name),
        list(step, at, "outputs", (json, p) -> output(json)),
        list(step, at, "mounts", (json, p) -> mount(json)),
        filled(step.path("cache-volumes")),
        named(
            step,
            at,
            "environment-variables",
            (json, pointer) -> variable(json),
            EnvironmentVariable::name),
        filled(step.path("environment-variable-groups")),
        step.has("resources") ? resources(step.get("resources")) : null,
        seconds(step, at, "time-limit"),
        seconds(step, at, "no-output-timeout"),
        text(step, "stop-condition"),
        text(step, "source-path"),
        text(step, "upload-store"));
  }

  private Parameter parameter(JsonNode json, String at) {
    Parameter.Type type = Parameter.Type.of(json.path("type").asText("string"));
    boolean flag = type == Parameter.Type.FLAG;
    Parameter.Multiple multiple =
        Parameter.Multiple.valueOf(json.path("multiple").asText("none").toUpperCase(Locale.ROOT));
    if (flag && multiple != Parameter.Multiple.NONE) {
      problems.error(at, "a flag cannot be multiple; leave multiple out");
    }
    Object otherwise = json.has("default") ? Values.of(json.get("default")) : null;
    if (otherwise != null
        && multiple != Parameter.Multiple.NONE
        && !(otherwise instanceof List<?>)) {
      otherwise = List.of(otherwise);
    }
    List<Object> choices = new ArrayList<>();
    for (JsonNode choice : json.path("choices")) {
      Object value = Values.of(choice);
      choices.add(value == null ? choice : value);
    }
    String separator = json.path("multiple-separator").asText(",");
    Parameter parameter =
        new Parameter(
            json.path("name").asText(),
            type,
            otherwise,
            flag || json.path("optional").asBoolean(false),
            number(json.path("min")),
            number(json.path("max")),
            flag ? List.of(true, false) : choices,
            text(json, "description"),
            text(json, "category"),
            widget(json.path("widget")),
            multiple,
            separator.isEmpty() ? "," : separator,
            text(json, "pass-as"),
            flag ? text(json, "pass-true-as") : null,
            flag ? text(json, "pass-false-as") : null);
    new ParameterLint(problems).check(parameter, json, at);
    return parameter;
  }

  private static Parameter.@Nullable Widget widget(JsonNode json) {
    if (json.isTextual()) {
      return new Parameter.Widget(json.asText().toLowerCase(Locale.ROOT), "{}");
    }
    if (!json.isObject()) {
      return null;
    }
    String settings = json.has("settings") ? json.get("settings").toString() : "{}";
    return new Parameter.Widget(json.path("type").asText().toLowerCase(Locale.ROOT), settings);
  }

  private static Input input(JsonNode json) {
    JsonNode keep = json.path("keep-directories");
    String kept = keep.isBoolean() ? (keep.booleanValue() ? "full" : "none") : keep.asText("none");
    return new Input(
        json.path("name").asText(),
        texts(json.path("default")),
        json.path("optional").asBoolean(false),
        text(json, "description"),
        Input.KeepDirectories.valueOf(kept.toUpperCase(Locale.ROOT)),
        text(json, "filename"),
        json.path("download").asText("always").equals("on-demand")
            ? Input.Download.ON_DEMAND
            : Input.Download.ALWAYS);
  }

  private static Step.Output output(JsonNode json) {
    return new Step.Output(json.path("name").asText(), text(json, "description"));
  }

  private static Mount mount(JsonNode json) {
    if (json.isTextual()) {
      String[] parts = json.asText().split(":", 2);
      return new Mount(parts[0], parts[1], false, null, Map.of());
    }
    Map<String, String> options = new LinkedHashMap<>();
    json.path("options")
        .properties()
        .forEach(
            option -> {
              if (!option.getValue().isNull()) {
                options.put(option.getKey(), option.getValue().asText());
              }
            });
    String type = text(json, "type");
    return new Mount(
        json.path("source").asText(),
        json.path("destination").asText(),
        json.path("readonly").asBoolean(false),
        type == null ? null : type.toLowerCase(Locale.ROOT),
        options);
  }

  private static EnvironmentVariable variable(JsonNode json) {
    return new EnvironmentVariable(
        json.path("name").asText(),
        text(json, "default"),
        text(json, "description"),
        json.path("optional").asBoolean(true));
  }

  private static Resources resources(JsonNode json) {
    Map<String, Double> devices = null;
    if (json.has("devices")) {
      devices = new LinkedHashMap<>();
      for (Map.Entry<String, JsonNode> device : json.get("devices").properties()) {
        devices.put(device.getKey(), device.getValue().doubleValue());
      }
    }
    return new Resources(range(json.path("cpu")), range(json.path("memory")), devices);
  }

  private static Resources.@Nullable Range range(JsonNode json) {
    return json.isMissingNode()
        ? null
        : new Resources.Range(number(json.path("min")), number(json.path("max")));
  }

  private long seconds(JsonNode step, String at, String key) {
    JsonNode json = step.path(key);
    try {
      if (json.isTextual()) {
        return Durations.seconds(json.asText());
      }
      // A limit below zero counts as none, as does 0.
      return Math.max(0, json.asLong(0));
    } catch (IllegalArgumentException e) {
      problems.error(YamlTree.child(at, key), String.valueOf(e.getMessage()));
      return 0;
    }
  }

  private static @Nullable Double number(JsonNode json) {
    return json.isNumber() ? (Double) json.doubleValue() : null;
  }

  private static @Nullable String text(JsonNode json, String key) {
    JsonNode value = json.get(key);
    return value == null ? null : value.asText();
  }

  private static List<String> texts(JsonNode json) {
    if (json.isTextual()) {
      return List.of(json.asText());
    }
    List<String> texts = new ArrayList<>();
    json.forEach(item -> texts.add(item.asText()));
    return texts;
  }

  private static List<String> filled(JsonNode json) {
    return texts(json).stream().filter(text -> !text.isEmpty()).toList();
  }

  private static <T> List<T> list(
      JsonNode step, String at, String key, BiFunction<JsonNode, String, T> make) {
    JsonNode items = step.has(key) ? step.get(key) : MissingNode.getInstance();
    String list = YamlTree.child(at, key);
    List<T> made = new ArrayList<>();
    for (int i = 0; i < items.size(); i++) {
      made.add(make.apply(items.get(i), YamlTree.child(list, i)));
    }
    return made;
  }

  /** Of several items with one name the last counts, at the place of the first. */
  private static <T> List<T> named(
      JsonNode step,
      String at,
      String key,
      BiFunction<JsonNode, String, T> make,
      Function<T, String> name) {
    Map<String, T> byName = new LinkedHashMap<>();
    list(step, at, key, make).forEach(item -> byName.put(name.apply(item), item));
    return List.copyOf(byName.values());
  }
}
