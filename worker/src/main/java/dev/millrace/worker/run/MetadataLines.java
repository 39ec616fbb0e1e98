package dev.millrace.worker.run;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.millrace.worker.wire.LogChunk;
import dev.millrace.worker.wire.Wire;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds the lines of stdout that are one JSON object, over the cuts of chunks. */
final class MetadataLines {
  /** Of a line's bytes, and of the characters of the same line as it is sent and stored. */
  static final int LONGEST = 256 * 1024;

  /** No deeper than the parsers of those who read it later go. */
  static final int DEEPEST = 200;

  private final ObjectReader reader =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(DEEPEST).build())
                  .build())
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build()
          .reader();
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private long lineStart;
  private long lineTime;
  private boolean tooLong;

  /** Starts at an offset that is the start of a line. */
  MetadataLines(long offset) {
    this.lineStart = offset;
  }

  /** Where the line begins that is not complete yet: a new reader can start here. */
  long lineStart() {
    return lineStart;
  }

  /** Takes the next chunk and adds its metadata lines to {@code found}. */
  void take(LogChunk chunk, List<Wire.MetadataLine> found) {
    byte[] bytes = chunk.bytes();
    long time = chunk.time();
    int from = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] != '\n') {
        continue;
      }
      add(bytes, from, i, time);
      finish(found);
      from = i + 1;
      lineStart = chunk.offset() + from;
      time++;
    }
    add(bytes, from, bytes.length, time);
  }

  /** The stream has ended: a last line without line end counts. */
  void end(List<Wire.MetadataLine> found) {
    long length = line.size();
    finish(found);
    lineStart += length;
  }

  private void add(byte[] bytes, int from, int to, long time) {
    if (line.size() == 0) {
      lineTime = time;
    }
    if (line.size() + to - from > LONGEST) {
      tooLong = true;
      line.reset();
    }
    if (!tooLong) {
      line.write(bytes, from, to - from);
    }
  }

  private void finish(List<Wire.MetadataLine> found) {
    if (!tooLong) {
      JsonNode json = parse(line.toByteArray());
      if (json != null) {
        found.add(new Wire.MetadataLine(lineStart, lineTime, json));
      }
    }
    tooLong = false;
    line.reset();
  }

  private @Nullable JsonNode parse(byte[] bytes) {
    int start = 0;
    int end = bytes.length;
    while (start < end && Character.isWhitespace(bytes[start])) {
      start++;
    }
    while (end > start && Character.isWhitespace(bytes[end - 1])) {
      end--;
    }
    if (end - start < 2 || bytes[start] != '{' || bytes[end - 1] != '}') {
      return null;
    }
    try {
      JsonNode json = reader.readTree(bytes, start, end - start);
      return json.isObject() && json.toString().length() <= LONGEST ? json : null;
    } catch (JsonProcessingException e) {
      return null;
    } catch (IOException e) {
      // Bytes that are not UTF-8: an ordinary line of the log.
      return null;
    }
  }
}
