package dev.millrace.engine.yaml;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Optional;

/** A whole valohai.yaml: its steps, and its other definitions as they stand in the file. */
public record YamlConfig(List<Step> steps, List<Definition> definitions) {

  public YamlConfig {
    steps = List.copyOf(steps);
    definitions = List.copyOf(definitions);
  }

  /** A task, pipeline, endpoint or deployment, checked against its schema and not read further. */
  public record Definition(Kind kind, String name, JsonNode content) {}

  /** What a definition other than a step can be. */
  public enum Kind {
    TASK,
    PIPELINE,
    ENDPOINT,
    DEPLOYMENT
  }

  /** The step of exactly that name. */
  public Optional<Step> step(String name) {
    return steps.stream().filter(step -> step.name().equals(name)).findFirst();
  }
}
