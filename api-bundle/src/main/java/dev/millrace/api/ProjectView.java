package dev.millrace.api;

import dev.millrace.api.http.Call;
import dev.millrace.api.openapi.Format;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.StoreId;
import dev.millrace.engine.service.Projects;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** A project as lists show it. */
public record ProjectView(
    @Format("uuid") String id,
    String name,
    String description,
    OwnerPath.OwnerView owner,
    String yamlPath,
    Optional<RepositoryView> repository,
    @Format("uuid") Optional<String> uploadStoreId,
    Instant ctime,
    Instant mtime,
    boolean readOnly,
    List<String> tags,
    @Format("uri") String url,
    Map<String, String> urls) {

  static ProjectView of(Projects.View view, Call call) {
    Project project = view.project();
    return new ProjectView(
        project.id().toString(),
        project.name(),
        project.description(),
        OwnerPath.OwnerView.of(view.owner()),
        project.yamlPath(),
        view.repository()
            .map(r -> new RepositoryView(r.id(), r.url(), String.join(", ", r.refs()))),
        project.uploadStore().map(StoreId::toString),
        project.createdAt(),
        project.modifiedAt(),
        view.readOnly(),
        List.of(),
        call.url("/api/v0/projects/" + project.id() + "/"),
        Map.of("display", call.url("/p/" + project.id() + "/")));
  }

  /** Where a project's commits come from. */
  public record RepositoryView(int id, String url, String ref) {}

  /** A project in full. */
  public record Detail(
      @Format("uuid") String id,
      String name,
      String description,
      OwnerPath.OwnerView owner,
      String yamlPath,
      Optional<RepositoryView> repository,
      @Format("uuid") Optional<String> uploadStoreId,
      Optional<String> defaultEnvironment,
      Instant ctime,
      Instant mtime,
      boolean readOnly,
      List<String> tags,
      Map<String, Long> executionSummary,
      long executionCount,
      long runningExecutionCount,
      long queuedExecutionCount,
      Map<String, VariableJson> environmentVariables,
      @Format("uri") String url,
      Map<String, String> urls) {
    static Detail of(Projects.Detail detail, Call call) {
      ProjectView view = ProjectView.of(detail.view(), call);
      Map<String, Long> summary = new LinkedHashMap<>();
      long count = detail.summary().values().stream().mapToLong(Long::longValue).sum();
      summary.put("count", count);
      for (ExecutionStatus status : ExecutionStatus.values()) {
        summary.put(
            status.name().toLowerCase(Locale.ROOT) + "_count",
            detail.summary().getOrDefault(status, 0L));
      }
      return new Detail(
          view.id(),
          view.name(),
          view.description(),
          view.owner(),
          view.yamlPath(),
          view.repository(),
          view.uploadStoreId(),
          detail.environment(),
          view.ctime(),
          view.mtime(),
          view.readOnly(),
          view.tags(),
          summary,
          count,
          detail.summary().getOrDefault(ExecutionStatus.STARTED, 0L),
          detail.summary().getOrDefault(ExecutionStatus.QUEUED, 0L),
          VariableJson.of(detail.variables()),
          view.url(),
          view.urls());
    }
  }
}
