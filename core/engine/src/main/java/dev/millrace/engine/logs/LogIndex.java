package dev.millrace.engine.logs;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.millrace.engine.domain.LogLengths;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What stands beside a sealed log: where each gzip member starts and what is in it.
 *
 * @param version of the format
 * @param records in the whole log
 * @param lengths bytes of each stream, as the run's worker counted them
 */
record LogIndex(int version, long records, LogLengths lengths, List<Member> members) {
  static final int VERSION = 1;
  private static final ObjectMapper JSON = JsonMapper.builder().build();

  /**
   * One gzip member.
   *
   * @param at its first byte in the file
   * @param first the number of its first record
   * @param time of its first record, in microseconds
   * @param records how many it holds of each stream, by the stream's word
   */
  record Member(long at, long first, long time, Map<String, Long> records) {
    long count(Set<LogStream> streams) {
      return streams.stream().mapToLong(s -> records.getOrDefault(s.word(), 0L)).sum();
    }
  }

  LogIndex {
    members = List.copyOf(members);
  }

  long total(Set<LogStream> streams) {
    return members.stream().mapToLong(m -> m.count(streams)).sum();
  }

  byte[] bytes() {
    try {
      return JSON.writeValueAsBytes(this);
    } catch (IOException e) {
      throw new UncheckedIOException("a log index cannot be written", e);
    }
  }

  static LogIndex read(InputStream in) throws IOException {
    LogIndex index = JSON.readValue(in, LogIndex.class);
    if (index.version() > VERSION) {
      throw new IOException("the log was sealed by a newer release; update this one");
    }
    return index;
  }
}
