package dev.millrace.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.api.http.Call;
import dev.millrace.api.openapi.Format;
import dev.millrace.engine.domain.EnvironmentValue;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionInput;
import dev.millrace.engine.domain.ExecutionSpec;
import dev.millrace.engine.domain.InputFile;
import dev.millrace.engine.domain.Owner;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.ReasonCode;
import dev.millrace.engine.service.ExecutionView;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An execution as lists show it. What clients iterate over is never null; a secret variable is
 * null.
 *
 * @param timeLimit seconds, 0 for none
 * @param noOutputTimeout seconds, 0 for the installation's
 * @param duration seconds
 * @param reason why it ended as error, as one word
 * @param restartOf the execution that this one is the restart of, because its worker was lost
 */
public record ExecutionJson(
    @Format("uuid") String id,
    int counter,
    @Format(words = {"created", "queued", "started", "stopping", "complete", "error", "stopped"})
        String status,
    String statusDetail,
    Optional<String> reason,
    Optional<Integer> exitCode,
    String step,
    String title,
    Optional<BigDecimal> duration,
    Instant ctime,
    Instant mtime,
    Optional<Instant> qtime,
    Optional<Instant> startTime,
    Optional<Instant> endTime,
    String image,
    Optional<String> imageDigest,
    String command,
    String interpolatedCommand,
    EnvironmentSummary environment,
    Map<String, Optional<String>> environmentVariables,
    List<String> environmentVariableGroups,
    Map<String, JsonNode> runtimeConfig,
    long timeLimit,
    long noOutputTimeout,
    boolean autorestart,
    int priority,
    Optional<String> price,
    Map<String, JsonNode> parameters,
    List<InputSummary> inputs,
    List<String> tags,
    Optional<String> task,
    Optional<Integer> taskCounter,
    Optional<String> pipeline,
    Optional<Integer> pipelineCounter,
    @Format("uuid") Optional<String> restartOf,
    @Format("uuid") Optional<String> restartedAs,
    CommitJson commit,
    ProjectSummary project,
    int creatorId,
    String creatorName,
    boolean deleted,
    @Format("uri") String url,
    Links urls) {

  /** The environment that it runs in. */
  public record EnvironmentSummary(
      @Format("uuid") String id, String name, String slug, boolean enabled) {}

  /** One input, with its addresses as they were given and the files that they mean. */
  public record InputSummary(
      @Format("uuid") String id, String name, List<String> urls, List<InputFileSummary> files) {}

  /** One file of an input. */
  public record InputFileSummary(String name, String uri, @Format("uuid") Optional<String> datum) {}

  /** Whom a project belongs to. */
  public record OwnerSummary(int id, String username) {}

  /** Where people look at it. */
  public record PageLink(@Format("uri") String display) {}

  /** The project that it belongs to. */
  public record ProjectSummary(
      @Format("uuid") String id,
      String name,
      OwnerSummary owner,
      @Format("uri") String url,
      PageLink urls) {
    static ProjectSummary of(Project project, Owner owner, Urls urls) {
      return new ProjectSummary(
          project.id().toString(),
          project.name(),
          new OwnerSummary(owner.id().value(), owner.name()),
          urls.project(project.id()),
          new PageLink(urls.projectPage(project.id())));
    }
  }

  /** Where people look at it, and what it can be told. */
  public record Links(@Format("uri") String display, @Format("uri") String stop) {}

  static ExecutionJson of(ExecutionView view, Call call) {
    Execution execution = view.execution();
    ExecutionSpec spec = execution.spec();
    Urls urls = new Urls(call);
    String url = urls.execution(execution.id());
    return new ExecutionJson(
        execution.id().toString(),
        execution.counter(),
        view.shown().word(),
        execution.waiting().orElse(execution.statusDetail()),
        execution.reason().map(ReasonCode::word),
        execution.exitCode(),
        spec.step(),
        execution.title(),
        view.duration().map(ExecutionJson::seconds),
        execution.createdAt(),
        execution.modifiedAt(),
        execution.queuedAt(),
        execution.startedAt(),
        execution.endedAt(),
        spec.image(),
        execution.imageDigest(),
        String.join("\n", spec.commandTemplate()),
        String.join("\n", spec.commands()),
        new EnvironmentSummary(
            view.environment().id().toString(),
            view.environment().name(),
            view.environment().slug(),
            view.environment().enabled()),
        variables(spec),
        spec.environmentVariableGroups(),
        spec.runtimeConfig(),
        spec.timeLimitSeconds(),
        spec.noOutputSeconds(),
        spec.autorestart(),
        execution.priority(),
        price(view),
        spec.parameters(),
        spec.inputs().stream().map(ExecutionJson::input).toList(),
        execution.tags(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        execution.restartOf().map(Object::toString),
        execution.restartedAs().map(Object::toString),
        CommitJson.of(view.commit(), call, false),
        ProjectSummary.of(view.project(), view.projectOwner(), urls),
        execution.creator().value(),
        view.creator().name(),
        execution.deletedAt().isPresent(),
        url,
        new Links(urls.executionPage(execution.id()), url + "stop/"));
  }

  private static Map<String, Optional<String>> variables(ExecutionSpec spec) {
    Map<String, Optional<String>> values = new LinkedHashMap<>();
    for (EnvironmentValue variable : spec.environmentVariables()) {
      values.put(variable.name(), variable.value());
    }
    return values;
  }

  private static InputSummary input(ExecutionInput input) {
    return new InputSummary(
        input.id().toString(),
        input.name(),
        input.uris(),
        input.files().stream().map(ExecutionJson::file).toList());
  }

  private static InputFileSummary file(InputFile file) {
    return new InputFileSummary(file.name(), file.uri(), file.datum().map(Object::toString));
  }

  private static BigDecimal seconds(Duration duration) {
    return BigDecimal.valueOf(duration.toNanos() / 1_000, 6);
  }

  private static Optional<String> price(ExecutionView view) {
    return view.environment()
        .perHourPriceUsd()
        .flatMap(
            hour ->
                view.duration()
                    .map(
                        d ->
                            hour.multiply(seconds(d))
                                .divide(BigDecimal.valueOf(3600), 4, RoundingMode.HALF_UP)
                                .toPlainString()));
  }
}
