package dev.millrace.engine.logs;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Reads the records of one stream front to back, up to where it ended when it was opened. */
final class RecordCursor implements AutoCloseable {
  /** How far a stream goes; {@code whole} shows a last record that has no end yet. */
  record Extent(long length, long chunks, boolean whole) {}

  private static final Extent NOTHING = new Extent(0, 0, false);

  private final LogRecord.Source source;
  private final @Nullable FileChannel data;
  private final @Nullable FileChannel index;
  private final Extent extent;
  private final ByteBuffer buffer = ByteBuffer.allocate(1 << 16).limit(0);
  private final ByteArrayOutputStream line = new ByteArrayOutputStream(256);
  private RecordCut cut = new RecordCut(0);
  private long position;
  private long chunk = -1;
  private long chunkMicros;
  private long chunkEnd;
  private long endedInChunk;
  private @Nullable LogRecord head;

  private RecordCursor(
      LogRecord.Source source,
      @Nullable FileChannel data,
      @Nullable FileChannel index,
      Extent extent) {
    this.source = source;
    this.data = data;
    this.index = index;
    this.extent = extent;
  }

  static RecordCursor empty(LogRecord.Source source) {
    return new RecordCursor(source, null, null, NOTHING);
  }

  static RecordCursor open(
      LogRecord.Source source, Path data, Path index, Extent extent, long firstRecord)
      throws IOException {
    return open(
        source, data, index, extent, (cursor, entries) -> cursor.seek(entries, firstRecord));
  }

  /** The first record is the one that starts at that offset or later. */
  static RecordCursor openAt(
      LogRecord.Source source, Path data, Path index, Extent extent, long offset)
      throws IOException {
    return open(
        source, data, index, extent, (cursor, entries) -> cursor.seekOffset(entries, offset));
  }

  /** Brings a cursor to its first record. */
  @FunctionalInterface
  private interface Seek {
    void in(RecordCursor cursor, FileChannel entries) throws IOException;
  }

  private static RecordCursor open(
      LogRecord.Source source, Path data, Path index, Extent extent, Seek seek) throws IOException {
    FileChannel bytes = FileChannel.open(data, StandardOpenOption.READ);
    FileChannel entries = null;
    try {
      entries = FileChannel.open(index, StandardOpenOption.READ);
      RecordCursor cursor = new RecordCursor(source, bytes, entries, extent);
      seek.in(cursor, entries);
      return cursor;
    } catch (IOException e) {
      bytes.close();
      if (entries != null) {
        entries.close();
      }
      throw e;
    }
  }

  /** The next record without taking it; null at the end. */
  @Nullable LogRecord peek() throws IOException {
    if (head == null) {
      head = read();
    }
    return head;
  }

  void take() {
    head = null;
  }

  private void seek(FileChannel entries, long firstRecord) throws IOException {
    StreamFile.Chunk from = enter(entries, chunk -> chunk.firstRecord() <= firstRecord);
    for (long number = from.firstRecord(); number < firstRecord && read() != null; number++) {
      line.reset();
    }
  }

  private void seekOffset(FileChannel entries, long offset) throws IOException {
    enter(entries, chunk -> chunk.offset() <= offset);
    LogRecord record = read();
    while (record != null && record.offset() < offset) {
      record = read();
    }
    head = record;
  }

  /** Goes to the last chunk that is early enough, past a record that started before it. */
  private StreamFile.Chunk enter(FileChannel entries, Predicate<StreamFile.Chunk> early)
      throws IOException {
    long low = 0;
    long high = extent.chunks() - 1;
    while (low < high) {
      long middle = (low + high + 1) >>> 1;
      if (early.test(StreamFile.entry(entries, middle))) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    StreamFile.Chunk from = StreamFile.entry(entries, low);
    position = from.offset();
    chunk = low - 1;
    chunkEnd = position;
    cut = new RecordCut(from.carry());
    if (from.carry() > 0) {
      // The rest of a record that started in an earlier chunk.
      read();
    }
    return from;
  }

  private @Nullable LogRecord read() throws IOException {
    line.reset();
    long start = -1;
    long micros = 0;
    while (position < extent.length()) {
      enterChunk();
      byte next = next();
      if (cut.cutsBefore(next)) {
        cut.end();
        endedInChunk++;
        return new LogRecord(source, start, micros, line.toByteArray(), true);
      }
      if (start < 0) {
        start = position;
        micros = chunkMicros + endedInChunk;
      }
      position++;
      buffer.get();
      if (next == '\n') {
        cut.end();
        endedInChunk++;
        return new LogRecord(source, start, micros, line.toByteArray(), false);
      }
      cut.take();
      line.write(next);
    }
    return start >= 0 && extent.whole()
        ? new LogRecord(source, start, micros, line.toByteArray(), false)
        : null;
  }

  private void enterChunk() throws IOException {
    while (position >= chunkEnd && index != null) {
      chunk++;
      chunkMicros = StreamFile.entry(index, chunk).micros();
      endedInChunk = 0;
      chunkEnd =
          chunk + 1 < extent.chunks()
              ? StreamFile.entry(index, chunk + 1).offset()
              : extent.length();
    }
  }

  private byte next() throws IOException {
    if (!buffer.hasRemaining() && data != null) {
      buffer.clear();
      int read = data.read(buffer, position);
      if (read <= 0) {
        throw new IOException("the log's file ends too early");
      }
      buffer.flip();
    }
    return buffer.get(buffer.position());
  }

  @Override
  public void close() throws IOException {
    if (data != null) {
      data.close();
    }
    if (index != null) {
      index.close();
    }
  }
}
