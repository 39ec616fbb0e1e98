package dev.millrace.engine.yaml;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads and checks valohai.yaml texts; one instance may be used by any number of threads. */
public final class ConfigReader {
  private static final int MAX_PROBLEMS = 200;
  private static final Map<String, YamlConfig.Kind> KINDS = kinds();

  private final ConfigSchema schema = new ConfigSchema();

  /** Reads a file's bytes, which must be UTF-8; what is wrong is in the answer, never thrown. */
  public ConfigReading read(byte[] bytes) {
    try {
      return read(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException e) {
      return unreadable("the file is not UTF-8 text", Mark.UNKNOWN);
    }
  }

  /** Reads a text of at most 1 MiB; what is wrong is in the answer, never thrown. */
  public ConfigReading read(String text) {
    YamlTree tree;
    try {
      tree = YamlReader.read(text);
    } catch (YamlException e) {
      return unreadable(String.valueOf(e.getMessage()), e.mark());
    }
    Problems problems = new Problems(tree);
    for (ConfigSchema.Violation violation : schema.check(tree.root())) {
      problems.error(violation.pointer(), violation.message());
      outdented(tree.root(), violation.pointer(), problems);
    }
    if (problems.hasErrors()) {
      return new ConfigReading(
          null, tree.root(), problems.all().stream().limit(MAX_PROBLEMS).toList());
    }
    YamlConfig config = config(tree.root(), problems);
    return new ConfigReading(problems.hasErrors() ? null : config, tree.root(), problems.all());
  }

  private static ConfigReading unreadable(String message, Mark mark) {
    return new ConfigReading(
        null,
        null,
        List.of(
            new ConfigProblem(
                ConfigProblem.Severity.ERROR, "", mark.line(), mark.column(), message)));
  }

  /** A block that stands too far to the left leaves its owner empty, which is good YAML. */
  private static void outdented(JsonNode root, String pointer, Problems problems) {
    boolean twoDeep = pointer.chars().filter(c -> c == '/').count() == 2;
    JsonNode node = root.at(pointer);
    if (twoDeep && (node.isNull() || (node.isContainerNode() && node.isEmpty()))) {
      problems.hint(
          pointer, "valid YAML but maybe an indentation error in " + YamlTree.dotted(pointer));
    }
  }

  private static YamlConfig config(JsonNode root, Problems problems) {
    Map<String, Step> steps = new LinkedHashMap<>();
    List<YamlConfig.Definition> others = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    StepParser parser = new StepParser(problems);
    for (int i = 0; i < root.size(); i++) {
      JsonNode item = root.get(i);
      String at = YamlTree.child("", i);
      if (item.has("step")) {
        String place = YamlTree.child(at, "step");
        Step step = parser.step(item.get("step"), place);
        if (steps.put(step.name(), step) != null) {
          problems.warning(place, "Duplicate step name: " + step.name() + ". The last one counts.");
        }
        if (step.runtimeConfigPreset() != null && step.environment() == null) {
          problems.error(place, "runtime-config-preset needs environment to be set as well");
        }
        continue;
      }
      String key = KINDS.keySet().stream().filter(item::has).findFirst().orElse("");
      YamlConfig.Kind kind = KINDS.get(key);
      if (kind == null) {
        String names = String.join(", ", iterable(item));
        problems.warning(at, "no parser for " + (names.isEmpty() ? "an empty item" : names));
        continue;
      }
      String name = item.get(key).path("name").asText();
      others.removeIf(other -> other.kind() == kind && other.name().equals(name));
      if (!seen.add(key + ":" + name)) {
        problems.warning(
            YamlTree.child(at, key),
            "Duplicate " + key + " name: " + name + ". The last one counts.");
      }
      others.add(new YamlConfig.Definition(kind, name, item.get(key)));
    }
    return new YamlConfig(List.copyOf(steps.values()), others);
  }

  private static List<String> iterable(JsonNode item) {
    List<String> names = new ArrayList<>();
    item.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private static Map<String, YamlConfig.Kind> kinds() {
    Map<String, YamlConfig.Kind> kinds = new LinkedHashMap<>();
    kinds.put("task", YamlConfig.Kind.TASK);
    kinds.put("endpoint", YamlConfig.Kind.ENDPOINT);
    kinds.put("pipeline", YamlConfig.Kind.PIPELINE);
    kinds.put("blueprint", YamlConfig.Kind.PIPELINE);
    kinds.put("deployment", YamlConfig.Kind.DEPLOYMENT);
    return Collections.unmodifiableMap(kinds);
  }
}
