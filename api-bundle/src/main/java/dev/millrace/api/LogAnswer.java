package dev.millrace.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.millrace.api.http.Json;
import dev.millrace.api.openapi.Format;
import dev.millrace.engine.service.LogPage;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A log as JSON, written line by line: it may be larger than memory. */
final class LogAnswer implements StreamingOutput {
  /** Lines where the client names no limit. */
  static final int DEFAULT_LIMIT = 2_000;

  private final LogPage page;
  private final String field;
  private final int limit;
  private final long first;

  /** The page as it is; {@code limit} is what the client asked for. */
  LogAnswer(LogPage page, String field, int limit) {
    this(page, field, limit, Long.MAX_VALUE);
  }

  private LogAnswer(LogPage page, String field, int limit, long first) {
    this.page = page;
    this.field = field;
    this.limit = limit;
    this.first = first;
  }

  /** Only the first {@code limit} lines of the page, all for 0. */
  static LogAnswer first(LogPage page, String field, int limit) {
    return new LogAnswer(page, field, limit, limit == 0 ? Long.MAX_VALUE : limit);
  }

  @Override
  public void write(OutputStream out) throws IOException {
    try (page;
        JsonGenerator json =
            new JsonFactory()
                .createGenerator(new OutputStreamWriter(out, StandardCharsets.UTF_8))) {
      json.writeStartObject();
      json.writeNumberField("total", page.total());
      json.writeBooleanField("truncated", page.truncated() || page.total() > first);
      json.writeNumberField("limit", limit);
      json.writeArrayFieldStart(field);
      long[] written = {0};
      page.forEach(
          line -> {
            if (written[0]++ < first) {
              write(json, line, false);
            }
          });
      for (LogPage.Line line : page.open()) {
        if (written[0]++ < first) {
          write(json, line, true);
        }
      }
      json.writeEndArray();
      json.writeEndObject();
    } catch (UncheckedIOException e) {
      throw e.getCause() == null ? new IOException(e) : e.getCause();
    }
  }

  /** The log as clients read it. */
  record Events(long total, boolean truncated, int limit, List<Event> events) {}

  /** Its status lines. */
  record StatusEvents(long total, boolean truncated, int limit, List<Event> statusEvents) {}

  /** The log under the name by which another client knows it. */
  record Logs(long total, boolean truncated, int limit, List<Event> logs) {}

  /** One line; the time has microseconds and no zone. {@code partial}: it has no end yet. */
  record Event(
      String time,
      @Format(words = {"stdout", "stderr", "status"}) String stream,
      String message,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Boolean partial) {}

  private static void write(JsonGenerator json, LogPage.Line line, boolean partial) {
    try {
      json.writeStartObject();
      json.writeStringField("time", Json.eventTime(line.time()));
      json.writeStringField("stream", line.stream());
      json.writeStringField("message", line.message());
      if (partial) {
        json.writeBooleanField("partial", true);
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
