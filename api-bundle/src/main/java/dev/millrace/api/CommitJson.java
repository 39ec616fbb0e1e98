package dev.millrace.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.millrace.api.http.Call;
import dev.millrace.api.openapi.Format;
import dev.millrace.engine.domain.Commit;
import dev.millrace.engine.service.CommitView;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A commit as clients read it.
 *
 * @param config the text of its configuration, only where it was asked for
 */
public record CommitJson(
    @Format("uuid") String id,
    String identifier,
    String ref,
    List<String> refNames,
    Instant commitTime,
    Instant ctime,
    String description,
    boolean adhoc,
    Optional<Integer> repository,
    @Format("uuid") String projectId,
    String yamlPath,
    @Format("uri") String url,
    Links urls,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String config) {

  /** Where people look at it. */
  public record Links(@Format("uri") String display) {}

  static CommitJson of(CommitView view, Call call, boolean withConfig) {
    Commit commit = view.commit();
    Urls urls = new Urls(call);
    return new CommitJson(
        commit.id().toString(),
        commit.identifier(),
        commit.adhoc() ? "adhoc" : String.join(", ", commit.refs()),
        commit.refs(),
        commit.commitTime(),
        commit.createdAt(),
        commit.description(),
        commit.adhoc(),
        view.repository(),
        commit.project().toString(),
        commit.yamlPath(),
        urls.commit(commit.id()),
        new Links(urls.commitPage(commit.id())),
        withConfig ? commit.config().orElse("") : null);
  }
}
