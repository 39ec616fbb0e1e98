package dev.millrace.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.api.http.Json;
import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.MetadataLine;
import dev.millrace.engine.service.ExecutionView;
import dev.millrace.engine.service.Executions;
import dev.millrace.engine.service.Invalid;
import dev.millrace.engine.service.Listing;
import dev.millrace.engine.store.Slice;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What several runs printed as JSON objects, as one table. It is read twice, first for its columns,
 * so that it never is in memory as a whole.
 */
final class MetadataCsv implements StreamingOutput {
  private static final int MAX_EXECUTIONS = 1_000;
  private static final int MAX_COLUMNS = 2_000;
  private static final List<String> FIXED =
      List.of("execution_id", "_time", "execution_title", "execution_counter");

  /** Takes one line of one execution. */
  private interface LineReader {
    void read(ExecutionView.Brief execution, MetadataLine line, ObjectNode values)
        throws IOException;
  }

  private final Executions executions;
  private final Actor actor;
  private final ObjectMapper json;
  private final List<ExecutionView.Brief> wanted = new ArrayList<>();
  private final Set<String> columns = new LinkedHashSet<>();

  /** Refuses unknown executions here, before anything is written. */
  MetadataCsv(Executions executions, Actor actor, List<String> ids, ObjectMapper json)
      throws IOException {
    this.executions = executions;
    this.actor = actor;
    this.json = json;
    if (ids.isEmpty() || ids.size() > MAX_EXECUTIONS) {
      throw Invalid.field(
          "ids", "Give between 1 and " + MAX_EXECUTIONS + " ids of executions", "invalid");
    }
    for (String id : new LinkedHashSet<>(ids)) {
      wanted.add(executions.brief(actor, id));
    }
    read(
        (execution, line, values) ->
            values
                .fieldNames()
                .forEachRemaining(
                    name -> {
                      if (columns.size() < MAX_COLUMNS && !FIXED.contains(name)) {
                        columns.add(name);
                      }
                    }));
  }

  @Override
  public void write(OutputStream out) throws IOException {
    Writer writer = new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8));
    List<String> header = new ArrayList<>(FIXED);
    header.addAll(columns);
    row(writer, header);
    read(
        (execution, line, values) -> {
          List<String> cells = new ArrayList<>();
          cells.add(execution.id().toString());
          cells.add(values.has("_time") ? text(values.get("_time")) : Json.time(line.at()));
          cells.add(execution.title());
          cells.add(Integer.toString(execution.counter()));
          columns.forEach(name -> cells.add(text(values.path(name))));
          row(writer, cells);
        });
    writer.flush();
  }

  private void read(LineReader reader) throws IOException {
    for (ExecutionView.Brief execution : wanted) {
      for (int from = 0; ; from += Slice.MAX_LIMIT) {
        Listing<MetadataLine> lines =
            executions.metadata(actor, execution.id().toString(), from, Slice.MAX_LIMIT);
        while (!lines.ended()) {
          for (MetadataLine line : lines.next()) {
            reader.read(execution, line, values(line));
          }
        }
        if (lines.position() >= lines.total()) {
          break;
        }
      }
    }
  }

  private ObjectNode values(MetadataLine line) {
    try {
      return json.readTree(line.json()) instanceof ObjectNode object
          ? object
          : json.createObjectNode();
    } catch (JsonProcessingException e) {
      return json.createObjectNode();
    }
  }

  private static String text(JsonNode value) {
    if (value.isMissingNode() || value.isNull()) {
      return "";
    }
    return value.isValueNode() ? value.asText() : value.toString();
  }

  private static void row(Writer writer, List<String> cells) throws IOException {
    for (int i = 0; i < cells.size(); i++) {
      if (i > 0) {
        writer.write(',');
      }
      String cell = cells.get(i);
      boolean quote = cell.chars().anyMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
      writer.write(quote ? '"' + cell.replace("\"", "\"\"") + '"' : cell);
    }
    writer.write("\r\n");
  }
}
