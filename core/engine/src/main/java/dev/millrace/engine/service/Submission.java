package dev.millrace.engine.service;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.Secret;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a user asks to run, as they wrote it. Inputs and parameters that are not named take the
 * step's defaults; so does everything that is empty here.
 *
 * @param commit a full identifier, or the name of a branch or tag: its newest commit
 * @param environment id or slug, or {@code PROJECT_DEFAULT}
 * @param environmentVariableGroups names or ids; empty for those of the step
 * @param inheritEnvironmentVariables whether the project's variables are taken
 * @param timeLimitSeconds 0 for none, although the step has one
 */
public record Submission(
    ProjectId project,
    String commit,
    String step,
    Optional<List<String>> command,
    Optional<String> image,
    Optional<String> title,
    Optional<String> environment,
    Map<String, List<String>> inputs,
    Map<String, JsonNode> parameters,
    Map<String, Variable> environmentVariables,
    List<String> tags,
    int priority,
    OptionalLong timeLimitSeconds,
    Map<String, JsonNode> runtimeConfig,
    Optional<List<String>> environmentVariableGroups,
    boolean inheritEnvironmentVariables,
    Optional<String> runtimeConfigPreset) {

  /** The value of a variable; a secret one is sealed before it is stored. */
  public record Variable(Secret value, boolean secret) {}
}
