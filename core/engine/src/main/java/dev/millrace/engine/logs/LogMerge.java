package dev.millrace.engine.logs;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Several streams as one, in the order of their times. */
final class LogMerge implements AutoCloseable {
  private final List<RecordCursor> cursors = new ArrayList<>();

  void add(RecordCursor cursor) {
    cursors.add(cursor);
  }

  /** The next record; null at the end. */
  @Nullable LogRecord next() throws IOException {
    RecordCursor first = null;
    LogRecord earliest = null;
    for (RecordCursor cursor : cursors) {
      LogRecord head = cursor.peek();
      if (head != null && (earliest == null || head.micros() < earliest.micros())) {
        first = cursor;
        earliest = head;
      }
    }
    if (first != null) {
      first.take();
    }
    return earliest;
  }

  @Override
  public void close() {
    for (RecordCursor cursor : cursors) {
      try {
        cursor.close();
      } catch (IOException e) {
        // Files open for reading: nothing is lost, and the rest must be closed too.
        continue;
      }
    }
  }
}
