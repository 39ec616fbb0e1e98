package dev.millrace.engine.logs;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Set;
import java.util.function.Consumer;

/** A view over a sealed log, read from the member on in which the first wanted line is. */
final class SealedLogView implements LogView {
  private final InputStream file;
  private final Set<LogStream> streams;
  private final long total;
  private final long skip;
  private final int limit;

  /**
   * @param file the sealed log from the start of a member on
   * @param skip how many lines of those streams to leave out from there
   */
  SealedLogView(InputStream file, Set<LogStream> streams, long total, long skip, int limit) {
    this.file = file;
    this.streams = streams;
    this.total = total;
    this.skip = skip;
    this.limit = limit;
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
    if (total == 0) {
      return;
    }
    try (SealedRecords records = new SealedRecords(file)) {
      long number = 0;
      for (LogRecord record = records.next(); record != null; record = records.next()) {
        if (streams.contains(record.source().stream) && number++ >= skip) {
          consumer.accept(record.line());
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the sealed log could not be read", e);
    }
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw new UncheckedIOException("the sealed log could not be closed", e);
    }
  }
}
