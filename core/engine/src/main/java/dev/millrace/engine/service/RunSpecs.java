package dev.millrace.engine.service;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.engine.artifacts.ImageHosts;
import dev.millrace.engine.domain.AddressRange;
import dev.millrace.engine.domain.Commit;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.EnvironmentValue;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionInput;
import dev.millrace.engine.domain.ExecutionSpec;
import dev.millrace.engine.domain.Mount;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.StoreId;
import dev.millrace.engine.domain.User;
import dev.millrace.engine.domain.Uuid7;
import dev.millrace.engine.keys.InstallationKey;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.yaml.Checked;
import dev.millrace.engine.yaml.Commands;
import dev.millrace.engine.yaml.FieldError;
import dev.millrace.engine.yaml.Inputs;
import dev.millrace.engine.yaml.Parameters;
import dev.millrace.engine.yaml.Step;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Lays a request over its step and checks all of it: what comes out is fixed for good. */
final class RunSpecs {
  /** Where the run belongs. */
  record Place(
      Session session,
      Scope scope,
      User user,
      Project project,
      Commit commit,
      Step step,
      Optional<Environment> environment,
      ExecutionId id) {}

  private static final int MAX_COMMANDS = 4 << 20;
  private static final long MAX_SECONDS = 10L * 366 * 24 * 3600;
  private static final String RUNTIME = "runtime_config";

  private final InstallationKey key;
  private final Uuid7 ids;
  private final List<AddressRange> inputAllow;
  private final ImageHosts imageHosts;
  private final ObjectMapper json = new ObjectMapper();

  RunSpecs(InstallationKey key, Uuid7 ids, List<AddressRange> inputAllow, ImageHosts imageHosts) {
    this.key = key;
    this.ids = ids;
    this.inputAllow = inputAllow;
    this.imageHosts = imageHosts;
  }

  /** The specification, or empty after problems were noted. */
  Optional<ExecutionSpec> build(Place place, Submission asked, Problems problems) {
    Step step = place.step();
    refuseUnsupported(step, problems);
    String image = image(asked, step, problems);
    Checked<Object> parameters = Parameters.validate(step, asked.parameters());
    note("parameters", parameters.errors(), problems);
    Checked<List<String>> uris = Inputs.validate(step, asked.inputs(), parameters.values());
    note("inputs", uris.errors(), problems);
    List<ExecutionInput> inputs =
        new RunInputs(place.session(), place.scope(), place.project(), ids, inputAllow)
            .resolve(step, uris.values(), problems);
    List<String> template = asked.command().filter(c -> !c.isEmpty()).orElse(step.commands());
    List<String> commands = commands(template, step, parameters.values(), problems);
    List<EnvironmentValue> variables = new RunVariables(place, key).build(asked, step, problems);
    Map<String, JsonNode> runtime = runtime(asked, problems);
    List<Mount> mounts =
        place.environment().map(group -> Mounts.of(step, group, problems)).orElse(List.of());
    Optional<StoreId> store = uploadStore(place, problems);
    long timeLimit = asked.timeLimitSeconds().orElse(Math.max(0, step.timeLimitSeconds()));
    problems.check(
        timeLimit <= MAX_SECONDS, "time_limit", "At most ten years are allowed", "max_value");
    long noOutput =
        runtime.containsKey("no_output_timeout")
            ? runtime.get("no_output_timeout").asLong()
            : Math.max(0, step.noOutputTimeoutSeconds());
    boolean autorestart =
        runtime.containsKey("autorestart")
            ? runtime.get("autorestart").asBoolean()
            : Boolean.TRUE.equals(step.autorestart());
    if (problems.any() || store.isEmpty()) {
      return Optional.empty();
    }
    Map<String, JsonNode> values = new LinkedHashMap<>();
    parameters.values().forEach((name, value) -> values.put(name, json.valueToTree(value)));
    return Optional.of(
        new ExecutionSpec(
            place.commit().id(),
            place.commit().identifier(),
            step.name(),
            image,
            template,
            commands,
            values,
            inputs,
            variables,
            RunVariables.groups(asked, step),
            runtime,
            timeLimit,
            noOutput,
            autorestart,
            mounts,
            store.get()));
  }

  private static void refuseUnsupported(Step step, Problems problems) {
    problems.check(
        step.stopCondition() == null,
        "stop_condition",
        "Stop conditions are not supported yet; take it out of the step",
        "not_supported");
    problems.check(
        step.runtimeConfigPreset() == null,
        "runtime_config_preset",
        "Presets are not supported; take it out of the step",
        "not_supported");
  }

  private String image(Submission asked, Step step, Problems problems) {
    String image = asked.image().filter(i -> !i.isBlank()).orElse(step.image()).strip();
    imageHosts.problem(image).ifPresent(words -> problems.add("image", words, "invalid"));
    return image;
  }

  private static void note(String field, Map<String, List<FieldError>> errors, Problems problems) {
    errors.forEach(
        (name, found) ->
            found.forEach(e -> problems.add(field + "." + name, e.message(), e.code())));
  }

  private static List<String> commands(
      List<String> template, Step step, Map<String, Object> values, Problems problems) {
    List<String> commands = List.of();
    try {
      commands = Commands.build(template, step, values, step.sourcePath());
    } catch (IllegalArgumentException e) {
      problems.add("command", String.valueOf(e.getMessage()), "invalid");
      return commands;
    }
    problems.check(
        commands.stream().anyMatch(c -> !c.isBlank()), "command", "There is no command", "blank");
    problems.check(
        commands.stream().noneMatch(c -> c.indexOf('\0') >= 0),
        "command",
        "A command may not hold a NUL character",
        "invalid");
    problems.check(
        commands.stream().mapToLong(String::length).sum() <= MAX_COMMANDS,
        "command",
        "All commands together may have 4 MiB",
        "max_length");
    return commands;
  }

  private static Map<String, JsonNode> runtime(Submission asked, Problems problems) {
    Map<String, JsonNode> kept = new LinkedHashMap<>();
    asked
        .runtimeConfig()
        .forEach(
            (name, value) -> {
              if (value.isNull()) {
                return;
              }
              String field = RUNTIME + "." + Submissions.brief(name);
              switch (name) {
                case "no_output_timeout" ->
                    problems.check(
                        value.isIntegralNumber()
                            && value.canConvertToLong()
                            && value.asLong() >= 0
                            && value.asLong() <= MAX_SECONDS,
                        field,
                        "Give whole seconds, or 0 for the default",
                        "invalid");
                case "autorestart" ->
                    problems.check(value.isBoolean(), field, "Give true or false", "invalid");
                case "kubernetes" -> KubernetesWish.check(value, problems);
                case "remote_debug" ->
                    problems.add(
                        field, "Remote debugging is not supported; leave it out", "not_supported");
                default -> problems.add(field, "There is no such setting; leave it out", "unknown");
              }
              kept.put(name, value);
            });
    return kept;
  }

  private static Optional<StoreId> uploadStore(Place place, Problems problems) {
    String named = place.step().uploadStore();
    if (named == null || named.isBlank()) {
      return standardStore(place, problems);
    }
    Optional<DataStore> found = Optional.empty();
    try {
      found = place.session().dataStores().find(place.scope(), StoreId.parse(named.strip()));
    } catch (IllegalArgumentException e) {
      // Not an id, so it must be a name.
    }
    found = found.or(() -> place.session().dataStores().byName(place.scope(), named.strip()));
    if (found.isEmpty()) {
      problems.add(
          "upload_store",
          "The step names the data store \""
              + Submissions.brief(named)
              + "\", which does not exist",
          "does_not_exist");
    }
    return found.map(DataStore::id);
  }

  private static Optional<StoreId> standardStore(Place place, Problems problems) {
    Optional<StoreId> store = DefaultStore.of(place.session(), place.project()).map(DataStore::id);
    if (store.isEmpty()) {
      problems.add(
          "upload_store",
          "This installation has no data store; ask the administrator to add one",
          "does_not_exist");
    }
    return store;
  }
}
