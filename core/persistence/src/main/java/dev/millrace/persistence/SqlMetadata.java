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
  private static final int LINES_CUT = 1;
  private static final int KEYS_CUT = 2;

  private final Jdbc jdbc;

  SqlMetadata(StatelessSession session) {
    this.jdbc = new Jdbc(session);
  }

  @Override
  public Appended append(ExecutionId execution, List<MetadataLine> lines, Limit limit) {
    // One appender at a time, even if a worker sends a batch twice at once.
    Kept kept =
        jdbc.first(
                row -> new Kept(row.getLong(1), row.getInt(2)),
                "select metadata_bytes, metadata_cut from execution where id = ? for update",
                execution.value())
            .orElse(new Kept(0, 0));
    End end = end(execution);
    long highest = end.lastOffset;
    long bytes = kept.bytes;
    boolean cut = (kept.cut & LINES_CUT) != 0;
    ArrayNode batch = Json.array();
    Map<String, String> values = new LinkedHashMap<>();
    for (MetadataLine line : lines) {
      if (line.offset() > highest) {
        long more = line.json().getBytes(StandardCharsets.UTF_8).length;
        cut = cut || end.lines + batch.size() >= limit.lines() || bytes + more > limit.bytes();
        if (cut) {
          continue;
        }
        bytes += more;
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
    }
    int marks = (cut ? LINES_CUT : 0) | (store(execution, values) ? 0 : KEYS_CUT) | kept.cut;
    if (bytes != kept.bytes || marks != kept.cut) {
      jdbc.change(
          "update execution set metadata_bytes = ?, metadata_cut = ? where id = ?",
          bytes,
          marks,
          execution.value());
    }
    long last = lines.stream().mapToLong(MetadataLine::offset).max().orElse(-1);
    return new Appended(Math.max(highest, last) + 1, cut);
  }

  @Override
  public boolean cut(ExecutionId execution) {
    return jdbc.first(
            row -> row.getInt(1) != 0,
            "select metadata_cut from execution where id = ?",
            execution.value())
        .orElse(false);
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
              for (JsonNode one : batch.getValue()) {
                if (at >= from && at < to) {
                  found.add(line(one));
                }
                at++;
              }
            });
    return new Rows<>(found, end(execution).lines);
  }

  @Override
  public long count(ExecutionId execution) {
    return end(execution).lines;
  }

  @Override
  public List<MetadataLine> from(ExecutionId execution, long first) {
    return jdbc.first(
            row -> lines(row.getLong(1), Json.tree(row.getString(2)), first),
            "select first_line, batch_lines from metadata_batch where execution_id = ?"
                + " and first_line <= ? order by first_line desc limit 1",
            execution.value(),
            first)
        .orElse(List.of());
  }

  private static List<MetadataLine> lines(long at, JsonNode batch, long first) {
    List<MetadataLine> lines = new ArrayList<>();
    for (int i = (int) (first - at); i < batch.size(); i++) {
      lines.add(line(batch.get(i)));
    }
    return lines;
  }

  private static MetadataLine line(JsonNode line) {
    return new MetadataLine(
        line.get(0).longValue(), Micros.time(line.get(1).longValue()), line.get(2).textValue());
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

  /** False if there are too many keys for all of them to be kept. */
  private boolean store(ExecutionId execution, Map<String, String> values) {
    int ordinal =
        jdbc.first(
                row -> row.getInt(1),
                "select coalesce(max(ordinal), 0) from metadata_value where execution_id = ?",
                execution.value())
            .orElse(0);
    boolean whole = true;
    for (Map.Entry<String, String> value : values.entrySet()) {
      byte[] hash = sha256(value.getKey());
      int changed =
          jdbc.change(
              "update metadata_value set value_json = ? where execution_id = ? and name_hash = ?",
              value.getValue(),
              execution.value(),
              hash);
      if (changed == 0 && ordinal >= Limit.KEYS) {
        whole = false;
      } else if (changed == 0) {
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
    return whole;
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

  /** What the execution's row says. */
  private record Kept(long bytes, int cut) {}

  /** How many lines are stored, and where the last one starts; -1 where there is none. */
  private record End(long lines, long lastOffset) {}
}
