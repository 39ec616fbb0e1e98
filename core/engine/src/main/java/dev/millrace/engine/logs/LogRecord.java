package dev.millrace.engine.logs;

import java.nio.charset.StandardCharsets;

/**
 * A line, or a piece of one over 64 KiB, without its line end.
 *
 * @param source the file it came from
 * @param offset where it starts in that stream
 * @param micros its time, unique within the stream
 * @param continued whether the next record of the stream goes on with the same line
 */
record LogRecord(Source source, long offset, long micros, byte[] bytes, boolean continued) {
  LogLine line() {
    return new LogLine(
        Micros.toInstant(micros), source.stream, new String(bytes, StandardCharsets.UTF_8));
  }

  /** The files of a live log. The master's notes have their own, for offsets are the worker's. */
  enum Source {
    STDOUT("stdout", LogStream.STDOUT),
    STDERR("stderr", LogStream.STDERR),
    STATUS("status", LogStream.STATUS),
    MASTER("master", LogStream.STATUS);

    final String word;
    final LogStream stream;

    Source(String word, LogStream stream) {
      this.word = word;
      this.stream = stream;
    }

    static Source of(LogStream stream) {
      return valueOf(stream.name());
    }

    static Source ofWord(String word) {
      for (Source source : values()) {
        if (source.word.equals(word)) {
          return source;
        }
      }
      throw new IllegalArgumentException("unknown log stream " + word);
    }
  }
}
