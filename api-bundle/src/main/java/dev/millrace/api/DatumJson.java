package dev.millrace.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonRawValue;
import dev.millrace.api.http.Call;
import dev.millrace.api.openapi.Format;
import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.service.DatumView;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A tracked file as clients read it; its download address only where it was asked for. */
public record DatumJson(
    @Format("uuid") String id,
    String name,
    long size,
    Instant ctime,
    Instant fileCtime,
    Instant fileMtime,
    String uri,
    Optional<String> md5,
    Optional<String> sha1,
    Optional<String> sha256,
    boolean purged,
    List<String> tags,
    Optional<Store> store,
    @Format("uuid") String project,
    List<String> aliases,
    Optional<Source> outputExecution,
    @JsonRawValue String metadata,
    @Format("uri") String url,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Format("uri") @Nullable String downloadUrl) {

  /** The execution that made the file. */
  public record Source(@Format("uuid") String id, int counter) {}

  /** The store that has its bytes. */
  public record Store(@Format("uuid") String id, String name, String type) {}

  static DatumJson of(DatumView view, Call call, @Nullable String downloadUrl) {
    Datum datum = view.datum();
    Optional<ExecutionId> source = datum.outputOf();
    return new DatumJson(
        datum.id().toString(),
        datum.name(),
        datum.bytes(),
        datum.createdAt(),
        datum.fileCreatedAt(),
        datum.fileModifiedAt(),
        datum.uri(),
        datum.md5(),
        datum.sha1(),
        datum.sha256(),
        datum.purgedAt().isPresent(),
        datum.tags(),
        view.store().map(s -> new Store(s.id().toString(), s.name(), s.type())),
        datum.project().toString(),
        view.aliases(),
        source.flatMap(id -> view.execution().map(n -> new Source(id.toString(), n))),
        datum.metadata().isBlank() ? "{}" : datum.metadata(),
        new Urls(call).datum(datum.id()),
        downloadUrl);
  }
}
