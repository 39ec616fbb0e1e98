package dev.millrace.engine.logs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * One stream of one live log: its raw bytes, and beside them an entry for each chunk. An entry is
 * written before its bytes, and one that has none is dropped when the file is opened again, so that
 * a death between the two loses nothing. Not safe for threads; its log locks.
 */
final class StreamFile {
  /** Where a chunk starts, its time, and how many records ended before it. */
  record Chunk(long offset, long micros, long records, int carry) {
    static final int BYTES = 32;

    /** The number of the first record that starts in this chunk. */
    long firstRecord() {
      return records + (carry > 0 ? 1 : 0);
    }

    static Chunk read(ByteBuffer from) {
      return new Chunk(from.getLong(), from.getLong(), from.getLong(), (int) from.getLong());
    }

    ByteBuffer bytes() {
      return ByteBuffer.allocate(BYTES)
          .putLong(offset)
          .putLong(micros)
          .putLong(records)
          .putLong(carry)
          .flip();
    }
  }

  /** A line is shown without its end when it has stood so long: others are only cut by a chunk. */
  private static final Duration STANDS = Duration.ofMillis(250);

  private final LogRecord.Source source;
  private final Clock clock;
  private final Path data;
  private final Path index;
  private long length;
  private long chunks;
  private long records;
  private RecordCut cut = new RecordCut(0);
  private long lastMicros;
  private Instant openSince;

  StreamFile(Path folder, LogRecord.Source source, Clock clock) throws IOException {
    this.source = source;
    this.clock = clock;
    this.data = folder.resolve(source.word);
    this.index = folder.resolve(source.word + ".idx");
    this.openSince = clock.instant();
    if (Files.exists(data)) {
      restore();
    }
  }

  long length() {
    return length;
  }

  /** Records so far; one that has not ended counts only if {@code whole}. */
  long records(boolean whole) {
    return records + (whole && cut.carry() > 0 ? 1 : 0);
  }

  /** Appends a chunk at the end and returns the new length. */
  long append(LogTimes times, byte[] chunk) throws IOException {
    if (chunk.length == 0) {
      return length;
    }
    int parts = 1 + times.marks().size();
    ByteBuffer entries = ByteBuffer.allocate(parts * Chunk.BYTES);
    RecordCut after = new RecordCut(cut.carry());
    long ended = 0;
    long last = lastMicros;
    int from = 0;
    for (int i = 0; i < parts; i++) {
      long micros = i == 0 ? times.micros() : times.marks().get(i - 1).micros();
      int to = i < times.marks().size() ? times.marks().get(i).at() : chunk.length;
      long time = Math.max(micros, last + 1);
      entries.put(new Chunk(length + from, time, records + ended, after.carry()).bytes());
      long here = after.feed(chunk, from, to);
      ended += here;
      last = time + here;
      from = to;
    }
    try (FileChannel to = open(index)) {
      write(to, entries.flip(), chunks * Chunk.BYTES);
    }
    try (FileChannel to = open(data)) {
      try {
        write(to, ByteBuffer.wrap(chunk), length);
      } catch (IOException e) {
        to.truncate(length);
        throw e;
      }
    }
    if (ended > 0 || cut.carry() == 0) {
      openSince = clock.instant();
    }
    chunks += parts;
    length += chunk.length;
    records += ended;
    cut = after;
    lastMicros = last;
    return length;
  }

  /** The last line as it stands, if it has been without its end for a while. */
  Optional<LogLine> openLine() throws IOException {
    if (cut.carry() == 0 || openSince.plus(STANDS).isAfter(clock.instant())) {
      return Optional.empty();
    }
    try (RecordCursor cursor = cursor(records, true)) {
      LogRecord record = cursor.peek();
      String state = record == null ? "" : OpenLine.state(record.bytes());
      return record == null || state.isBlank()
          ? Optional.empty()
          : Optional.of(new LogLine(Micros.toInstant(record.micros()), source.stream, state));
    }
  }

  /** Reads from the record of that number on; {@code whole} shows a last one that has no end. */
  RecordCursor cursor(long firstRecord, boolean whole) throws IOException {
    if (length == 0) {
      return RecordCursor.empty(source);
    }
    return RecordCursor.open(
        source, data, index, new RecordCursor.Extent(length, chunks, whole), firstRecord);
  }

  /** Reads from the first record on that starts at that offset or later. */
  RecordCursor cursorAt(long offset, boolean whole) throws IOException {
    if (offset >= length) {
      return RecordCursor.empty(source);
    }
    return RecordCursor.openAt(
        source, data, index, new RecordCursor.Extent(length, chunks, whole), offset);
  }

  private void restore() throws IOException {
    length = Files.size(data);
    try (FileChannel entries = open(index);
        FileChannel bytes = FileChannel.open(data, StandardOpenOption.READ)) {
      chunks = entries.size() / Chunk.BYTES;
      while (chunks > 0 && entry(entries, chunks - 1).offset() >= length) {
        chunks--;
      }
      entries.truncate(chunks * Chunk.BYTES);
      if (chunks == 0) {
        length = 0;
        return;
      }
      Chunk last = entry(entries, chunks - 1);
      cut = new RecordCut(last.carry());
      records = last.records();
      ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
      for (long at = last.offset(); at < length; ) {
        buffer.clear();
        int read = bytes.read(buffer, at);
        if (read < 0) {
          break;
        }
        records += cut.feed(buffer.array(), 0, read);
        at += read;
      }
      lastMicros = last.micros() + (records - last.records());
    }
  }

  static Chunk entry(FileChannel index, long number) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(Chunk.BYTES);
    while (buffer.hasRemaining()) {
      if (index.read(buffer, number * Chunk.BYTES + buffer.position()) < 0) {
        throw new IOException("the log's index ends too early");
      }
    }
    return Chunk.read(buffer.flip());
  }

  private static FileChannel open(Path file) throws IOException {
    return FileChannel.open(
        file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  private static void write(FileChannel to, ByteBuffer bytes, long at) throws IOException {
    long position = at;
    while (bytes.hasRemaining()) {
      position += to.write(bytes, position);
    }
  }
}
