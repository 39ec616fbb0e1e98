package dev.millrace.engine.logs;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How far a log has been read: for each of its files the offset up to which. It means the same
 * wherever the log is, live or sealed, and whatever else arrives meanwhile.
 */
public record LogPosition(long stdout, long stderr, long status, long master) {
  /** Before the first line. */
  public static final LogPosition START = new LogPosition(0, 0, 0, 0);

  private static final Pattern TEXT =
      Pattern.compile("([0-9]{1,18})-([0-9]{1,18})-([0-9]{1,18})-([0-9]{1,18})");

  /** Reads {@link #toString()}; empty for other text. */
  public static Optional<LogPosition> parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    return matcher.matches()
        ? Optional.of(
            new LogPosition(
                Long.parseLong(matcher.group(1)),
                Long.parseLong(matcher.group(2)),
                Long.parseLong(matcher.group(3)),
                Long.parseLong(matcher.group(4))))
        : Optional.empty();
  }

  long of(LogRecord.Source source) {
    return switch (source) {
      case STDOUT -> stdout;
      case STDERR -> stderr;
      case STATUS -> status;
      case MASTER -> master;
    };
  }

  /** Before the record's own end, so that its line end needs no counting; after its start. */
  LogPosition after(LogRecord record) {
    long end = record.offset() + Math.max(1, record.bytes().length);
    return switch (record.source()) {
      case STDOUT -> new LogPosition(end, stderr, status, master);
      case STDERR -> new LogPosition(stdout, end, status, master);
      case STATUS -> new LogPosition(stdout, stderr, end, master);
      case MASTER -> new LogPosition(stdout, stderr, status, end);
    };
  }

  @Override
  public String toString() {
    return stdout + "-" + stderr + "-" + status + "-" + master;
  }
}
