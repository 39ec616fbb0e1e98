package dev.millrace.worker.wire;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Bytes of a run's stream.
 *
 * @param offset of the first one in the stream
 * @param time when the first ones were read, in microseconds
 * @param marks where bytes begin that were read later, in order
 */
public record LogChunk(long offset, long time, byte[] bytes, List<Mark> marks) {

  /** Where within a chunk bytes begin that were read later, and when. */
  public record Mark(int at, long time) {}

  /** Bytes that were read at once. */
  public LogChunk(long offset, long time, byte[] bytes) {
    this(offset, time, bytes, List.of());
  }

  /** The same, each part by itself. */
  public List<LogChunk> parts() {
    if (marks.isEmpty()) {
      return List.of(this);
    }
    List<LogChunk> parts = new ArrayList<>(marks.size() + 1);
    int from = 0;
    long since = time;
    for (Mark mark : marks) {
      parts.add(new LogChunk(offset + from, since, Arrays.copyOfRange(bytes, from, mark.at())));
      from = mark.at();
      since = mark.time();
    }
    parts.add(new LogChunk(offset + from, since, Arrays.copyOfRange(bytes, from, bytes.length)));
    return parts;
  }

  /** The marks as the wire has them: {@code place:microseconds after the chunk's own time}. */
  String marksText() {
    StringBuilder text = new StringBuilder();
    for (Mark mark : marks) {
      text.append(text.length() == 0 ? "" : ",");
      text.append(mark.at()).append(':').append(mark.time() - time);
    }
    return text.toString();
  }
}
