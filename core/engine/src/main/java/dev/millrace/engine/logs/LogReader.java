package dev.millrace.engine.logs;

import dev.millrace.engine.domain.Execution;
import java.util.Set;

/** Reads logs, live or sealed alike. */
public interface LogReader {
  /**
   * Opens the last {@code limit} lines of those streams, all for 0. A last line without its end is
   * shown once the run has settled. Throws {@link dev.millrace.engine.artifacts.StoreUnavailable}
   * if the log is sealed in a store that is not there at the moment.
   */
  LogView open(Execution execution, int limit, Set<LogStream> streams);

  /** Follows a log from that position on. */
  LogTail follow(LogPosition from);
}
