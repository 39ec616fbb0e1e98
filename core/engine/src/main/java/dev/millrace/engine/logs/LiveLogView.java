package dev.millrace.engine.logs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.function.Consumer;

/** A view over live files. */
final class LiveLogView implements LogView {
  private final LogMerge merge;
  private final long total;
  private final long skip;
  private final int limit;
  private final List<LogLine> open;

  LiveLogView(LogMerge merge, long total, long skip, int limit, List<LogLine> open) {
    this.merge = merge;
    this.total = total;
    this.skip = skip;
    this.limit = limit;
    this.open = open;
  }

  @Override
  public long total() {
    return total;
  }

  @Override
  public boolean truncated() {
    return limit > 0 && total > limit;
  }

  @Override
  public void forEach(Consumer<LogLine> consumer) {
    records(skip, record -> consumer.accept(record.line()));
  }

  @Override
  public List<LogLine> open() {
    return open;
  }

  /** Hands over the records after the first {@code skipped}. */
  void records(long skipped, RecordConsumer consumer) {
    try {
      long number = 0;
      for (LogRecord next = merge.next(); next != null; next = merge.next()) {
        if (number++ >= skipped) {
          consumer.accept(next);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the live log could not be read", e);
    }
  }

  @Override
  public void close() {
    merge.close();
  }

  @FunctionalInterface
  interface RecordConsumer {
    void accept(LogRecord record) throws IOException;
  }
}
