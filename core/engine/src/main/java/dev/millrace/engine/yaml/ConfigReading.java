package dev.millrace.engine.yaml;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What came of reading a valohai.yaml: the configuration unless there are errors, and every
 * problem.
 */
public final class ConfigReading {
  private final @Nullable YamlConfig config;
  private final @Nullable JsonNode document;
  private final List<ConfigProblem> problems;

  ConfigReading(
      @Nullable YamlConfig config, @Nullable JsonNode document, List<ConfigProblem> problems) {
    this.config = config;
    this.document = document;
    this.problems = List.copyOf(problems);
  }

  /** The configuration; empty exactly when {@link #errors()} is not. */
  public Optional<YamlConfig> config() {
    return Optional.ofNullable(config);
  }

  /** The document as JSON, also when it breaks the schema; empty when it is no YAML at all. */
  public Optional<JsonNode> document() {
    return Optional.ofNullable(document);
  }

  /** Errors, warnings and hints, in the order of their discovery. */
  public List<ConfigProblem> problems() {
    return problems;
  }

  /** Only the errors. */
  public List<ConfigProblem> errors() {
    return problems.stream().filter(p -> p.severity() == ConfigProblem.Severity.ERROR).toList();
  }
}
