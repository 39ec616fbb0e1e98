package dev.millrace.engine.domain;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;

/**
 * What was asked for: fixed at submit, never changed. Kept as one JSON text.
 *
 * @param commandTemplate the step's command items
 * @param commands the items with parameters filled in
 * @param parameters name to value with native JSON types; parameters without a value are absent
 * @param environmentVariableGroups as they were asked for; what they held is among the variables
 * @param timeLimitSeconds 0 for none
 * @param noOutputSeconds 0 for the installation's default
 * @param autorestart whether a run whose worker is lost is run again once
 */
public record ExecutionSpec(
    CommitId commit,
    String commitIdentifier,
    String step,
    String image,
    List<String> commandTemplate,
    List<String> commands,
    Map<String, JsonNode> parameters,
    List<ExecutionInput> inputs,
    List<EnvironmentValue> environmentVariables,
    List<String> environmentVariableGroups,
    Map<String, JsonNode> runtimeConfig,
    long timeLimitSeconds,
    long noOutputSeconds,
    boolean autorestart,
    List<Mount> mounts,
    StoreId uploadStore) {
  /** The same with other inputs and variables. */
  public ExecutionSpec with(List<ExecutionInput> others, List<EnvironmentValue> variables) {
    return new ExecutionSpec(
        commit,
        commitIdentifier,
        step,
        image,
        commandTemplate,
        commands,
        parameters,
        others,
        variables,
        environmentVariableGroups,
        runtimeConfig,
        timeLimitSeconds,
        noOutputSeconds,
        autorestart,
        mounts,
        uploadStore);
  }
}
