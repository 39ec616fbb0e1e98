package dev.millrace.persistence;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.MetadataLine;
import dev.millrace.engine.store.MetadataStore;
import dev.millrace.engine.store.Rows;
import dev.millrace.engine.store.Slice;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.hibernate.StatelessSession;

/** Metadata in batches as they came, with the last value of each key. */
final class SqlMetadata implements MetadataStore {
  private final Jdbc jdbc;

  SqlMetadata(StatelessSession session) {
    this.jdbc = new Jdbc(session);
  }

  @Override
  public long append(ExecutionId execution, List<MetadataLine> lines) {
    // One appender at a time, even if a worker sends a batch twice at once.
    jdbc.first(
        row -> row.getLong(1),
        "select version from execution where id = ? for update",
        execution.value());
    End end = end(execution);
    long highest = end.lastOffset;
    ArrayNode batch = Json.array();
    Map<String, String> values = new LinkedHashMap<>();
    for (MetadataLine line : lines) {
      if (line.offset() > highest) {
        highest = line.offset();
        batch.addArray().add(line.offset()).add(Micros.of(line.at())).add(line.json());
        fold(values, line.json());
      }
    }
    if (!batch.isEmpty()) {
      jdbc.change(
          "insert into metadata_batch (execution_id, first_line, line_count, last_offset,"
              + " batch_lines) values (?, ?, ?, ?, ?)",
          execution.value(),
          end.lines,
          batch.size(),
          highest,
          batch.toString());
      store(execution, values);
    }
    return highest + 1;
  }

  @Override
  public Rows<MetadataLine> list(ExecutionId execution, Slice slice) {
    long from = slice.offset();
    long to = from + slice.limit();
    List<MetadataLine> found = new ArrayList<>();
    jdbc.list(
            row -> Map.entry(row.getLong(1), Json.tree(row.getString(2))),
            "select first_line, batch_lines from metadata_batch where execution_id = ?"
                + " and first_line + line_count > ? and first_line < ? order by first_line",
            execution.value(),
            from,
            to)
        .forEach(
            batch -> {
              long at = batch.getKey();
              for (JsonNode line : batch.getValue()) {
                if (at >= from && at < to) {
                  found.add(
                      new MetadataLine(
                          line.get(0).longValue(),
                          Micros.time(line.get(1).longValue()),
                          line.get(2).textValue()));
                }
                at++;
              }
            });
    return new Rows<>(found, end(execution).lines);
  }

  @Override
  public Map<String, String> lastValues(ExecutionId execution) {
    Map<String, String> values = new LinkedHashMap<>();
    jdbc.list(
            row -> Map.entry(row.getString(1), row.getString(2)),
            "select name, value_json from metadata_value where execution_id = ? order by ordinal",
            execution.value())
        .forEach(entry -> values.put(entry.getKey(), entry.getValue()));
    return values;
  }

  /** A line that is no object folds into nothing. */
  private static void fold(Map<String, String> values, String json) {
    JsonNode node;
    try {
      node = Json.MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      return;
    }
    if (node.isObject()) {
      node.fields()
          .forEachRemaining(field -> values.put(field.getKey(), field.getValue().toString()));
    }
  }

  private void store(ExecutionId execution, Map<String, String> values) {
    int ordinal =
        jdbc.first(
                row -> row.getInt(1),
                "select coalesce(max(ordinal), 0) from metadata_value where execution_id = ?",
                execution.value())
            .orElse(0);
    for (Map.Entry<String, String> value : values.entrySet()) {
      byte[] hash = sha256(value.getKey());
      int changed =
          jdbc.change(
              "update metadata_value set value_json = ? where execution_id = ? and name_hash = ?",
              value.getValue(),
              execution.value(),
              hash);
      if (changed == 0) {
        jdbc.change(
            "insert into metadata_value (execution_id, name_hash, ordinal, name, value_json)"
                + " values (?, ?, ?, ?, ?)",
            execution.value(),
            hash,
            ++ordinal,
            value.getKey(),
            value.getValue());
      }
    }
  }

  private End end(ExecutionId execution) {
    return jdbc.first(
            row -> new End(row.getLong(1), row.getLong(2)),
            "select first_line + line_count, last_offset from metadata_batch"
                + " where execution_id = ? order by first_line desc limit 1",
            execution.value())
        .orElse(new End(0, -1));
  }

  private static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }

  /** How many lines are stored, and where the last one starts; -1 where there is none. */
  private record End(long lines, long lastOffset) {}
}
