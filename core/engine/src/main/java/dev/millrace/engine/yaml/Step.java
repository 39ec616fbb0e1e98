package dev.millrace.engine.yaml;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One step of a valohai.yaml; absent optional texts are null.
 *
 * @param autorestart three states: null is unset
 * @param timeLimitSeconds 0 when there is no limit
 * @param noOutputTimeoutSeconds 0 when it is not set
 */
public record Step(
    String name,
    String image,
    List<String> commands,
    @Nullable String description,
    @Nullable String category,
    @Nullable String icon,
    @Nullable String environment,
    @Nullable String runtimeConfigPreset,
    @Nullable Boolean autorestart,
    List<Parameter> parameters,
    List<Input> inputs,
    List<Output> outputs,
    List<Mount> mounts,
    List<String> cacheVolumes,
    List<EnvironmentVariable> environmentVariables,
    List<String> environmentVariableGroups,
    @Nullable Resources resources,
    long timeLimitSeconds,
    long noOutputTimeoutSeconds,
    @Nullable String stopCondition,
    @Nullable String sourcePath,
    @Nullable String uploadStore) {

  public Step {
    commands = List.copyOf(commands);
    parameters = List.copyOf(parameters);
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    mounts = List.copyOf(mounts);
    cacheVolumes = List.copyOf(cacheVolumes);
    environmentVariables = List.copyOf(environmentVariables);
    environmentVariableGroups = List.copyOf(environmentVariableGroups);
  }

  /** A file that the step says it writes; for readers only, every output file is kept anyway. */
  public record Output(String name, @Nullable String description) {}

  /** The parameter of exactly that name. */
  public Optional<Parameter> parameter(String name) {
    return parameters.stream().filter(p -> p.name().equals(name)).findFirst();
  }

  /** The input of exactly that name. */
  public Optional<Input> input(String name) {
    return inputs.stream().filter(i -> i.name().equals(name)).findFirst();
  }
}
