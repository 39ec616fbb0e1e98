package dev.millrace.api.events;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.api.JournalJson;
import dev.millrace.api.http.Json;
import dev.millrace.engine.service.Feed;
import dev.millrace.engine.service.LogPage;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/** What came, as the lines of an event stream. */
final class EventText {
  /** How long a client waits before it connects again. */
  static final byte[] HEAD = bytes("retry: 2000\n\n");

  /** Keeps proxies from cutting a silent stream, and finds out whether the client is there. */
  static final byte[] HEARTBEAT = bytes(": \n\n");

  private final ObjectMapper json = Json.mapper();

  byte[] of(Feed.Batch batch) {
    StringBuilder text = new StringBuilder();
    batch.items().forEach(item -> write(text, item));
    if (batch.end()) {
      event(text, Optional.empty(), "end", Map.of());
    }
    return bytes(text.toString());
  }

  /** Why the stream ends before its time. */
  byte[] refused(Map<String, ?> problem) {
    StringBuilder text = new StringBuilder();
    event(text, Optional.empty(), "refused", problem);
    return bytes(text.toString());
  }

  private void write(StringBuilder text, Feed.Item item) {
    if (item instanceof Feed.Item.Line line) {
      Line value =
          new Line(Json.eventTime(line.line().time()), line.line().stream(), line.line().message());
      event(text, Optional.of(line.position()), "log", value);
    } else if (item instanceof Feed.Item.Partial partial) {
      LogPage.Line line = partial.line();
      event(
          text,
          Optional.empty(),
          "partial",
          new Line(Json.eventTime(line.time()), line.stream(), line.message()));
    } else if (item instanceof Feed.Item.State state) {
      event(text, Optional.empty(), "status", state);
    } else if (item instanceof Feed.Item.Entry entry) {
      String position = Long.toString(entry.entry().position());
      event(text, Optional.of(position), "fact", JournalJson.of(entry.entry()));
    }
  }

  private void event(StringBuilder text, Optional<String> id, String name, Object data) {
    id.ifPresent(i -> text.append("id: ").append(i).append('\n'));
    try {
      text.append("event: ").append(name).append('\n');
      text.append("data: ").append(json.writeValueAsString(data)).append("\n\n");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("an event cannot be written", e);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** A line of a log, in the form in which it is polled. */
  record Line(String time, String stream, String message) {}
}
