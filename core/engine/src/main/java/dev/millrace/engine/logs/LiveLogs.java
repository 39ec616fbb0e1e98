package dev.millrace.engine.logs;

import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.LogLengths;
import java.time.Instant;

/** Logs of runs that are not sealed yet: append-only files below the data folder. */
public interface LiveLogs {
  /**
   * Appends a chunk, first read by the worker at that time, if {@code offset} is the length of the
   * stream so far; else stores nothing. Returns the offset that is expected next either way.
   */
  long append(ExecutionId execution, LogStream stream, long offset, LogTimes times, byte[] chunk);

  /** The same for a chunk that was read at once. */
  default long append(
      ExecutionId execution, LogStream stream, long offset, Instant at, byte[] chunk) {
    return append(execution, stream, offset, LogTimes.at(at), chunk);
  }

  /** Adds a status line of the master's own. */
  void note(ExecutionId execution, String line);

  /** How many bytes of each stream are here. */
  LogLengths lengths(ExecutionId execution);
}
