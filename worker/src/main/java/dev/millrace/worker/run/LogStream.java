package dev.millrace.worker.run;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * One raw stream on disk and, beside it, the times at which its parts were first read. Not safe for
 * several threads: {@link RunLog} guards it.
 */
final class LogStream implements Closeable {
  static final int CHUNK = 256 * 1024;
  private static final int RECORD = 24;

  /** A part of the stream as it was first read. */
  record Part(long offset, long time, int length, int lines) {
    long end() {
      return offset + length;
    }
  }

  /** Bytes ready to send. */
  record Chunk(long offset, long time, byte[] bytes) {}

  private final String name;
  private final FileChannel raw;
  private final FileChannel times;
  private final SecretMask mask;
  private long parts;
  private long stamped;

  LogStream(String name, Path folder, SecretMask mask) throws IOException {
    this.name = name;
    this.mask = mask;
    this.raw =
        FileChannel.open(
            folder.resolve(name + ".log"),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
    this.times =
        FileChannel.open(
            folder.resolve(name + ".times"),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
    this.parts = times.size() / RECORD;
    this.stamped = parts == 0 ? 0 : part(parts - 1).end();
  }

  String name() {
    return name;
  }

  /** Bytes that have a time and may be sent. */
  long stamped() {
    return stamped;
  }

  /** Bytes on disk. */
  long size() throws IOException {
    return raw.size();
  }

  /** The earliest time that a next part may have. */
  long earliest() throws IOException {
    if (parts == 0) {
      return 0;
    }
    Part last = part(parts - 1);
    return last.time() + last.lines();
  }

  /** Appends the worker's own text. */
  void append(byte[] bytes) throws IOException {
    write(raw, ByteBuffer.wrap(bytes), raw.size());
  }

  /** Drops what lies past the limit; answers how many bytes that were. */
  long cut(long limit) throws IOException {
    long beyond = raw.size() - limit;
    if (beyond > 0) {
      raw.truncate(limit);
    }
    return Math.max(0, beyond);
  }

  /**
   * Gives the next unread bytes a time. What may be the first half of a secret waits for the rest,
   * unless the stream has ended. Answers the part, or null when there is none.
   */
  @Nullable Part stamp(long time, long limit, boolean ended) throws IOException {
    long end = Math.min(Math.min(raw.size(), limit), stamped + CHUNK);
    if (end <= stamped) {
      return null;
    }
    byte[] bytes = read(stamped, end);
    int length = bytes.length;
    if (!ended && mask.context() > 0) {
      long from = Math.max(0, stamped - mask.context());
      length -= Math.min(length, mask.heldBack(read(from, end)));
    }
    if (length == 0) {
      return null;
    }
    int lines = 1;
    for (int i = 0; i < length; i++) {
      if (bytes[i] == '\n') {
        lines++;
      }
    }
    Part part = new Part(stamped, time, length, lines);
    ByteBuffer record = ByteBuffer.allocate(RECORD);
    record.putLong(part.offset()).putLong(time).putInt(length).putInt(lines).flip();
    write(times, record, parts * RECORD);
    parts++;
    stamped = part.end();
    return part;
  }

  /** The masked bytes from an offset to the end of the part that it lies in; null at the end. */
  @Nullable Chunk chunk(long offset) throws IOException {
    if (offset >= stamped || offset < 0) {
      return null;
    }
    Part part = part(find(offset));
    long from = Math.max(0, offset - mask.context());
    long to = Math.min(raw.size(), part.end() + mask.context());
    byte[] window = read(from, to);
    mask.apply(window);
    int skip = (int) (offset - from);
    byte[] bytes = new byte[(int) (part.end() - offset)];
    System.arraycopy(window, skip, bytes, 0, bytes.length);
    long time = part.time();
    if (offset > part.offset()) {
      for (byte b : read(part.offset(), offset)) {
        time += b == '\n' ? 1 : 0;
      }
    }
    return new Chunk(offset, time, bytes);
  }

  private long find(long offset) throws IOException {
    long low = 0;
    long high = parts - 1;
    while (low < high) {
      long middle = (low + high + 1) / 2;
      if (part(middle).offset() <= offset) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  private Part part(long index) throws IOException {
    ByteBuffer record = ByteBuffer.allocate(RECORD);
    while (record.hasRemaining()) {
      if (times.read(record, index * RECORD + record.position()) < 0) {
        throw new IOException("the times of " + name + " are cut short");
      }
    }
    record.flip();
    return new Part(record.getLong(), record.getLong(), record.getInt(), record.getInt());
  }

  private byte[] read(long from, long to) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) (to - from));
    while (bytes.hasRemaining()) {
      if (raw.read(bytes, from + bytes.position()) < 0) {
        throw new IOException("the log " + name + " is shorter than it was");
      }
    }
    return bytes.array();
  }

  private static void write(FileChannel channel, ByteBuffer bytes, long at) throws IOException {
    long position = at;
    while (bytes.hasRemaining()) {
      position += channel.write(bytes, position);
    }
  }

  @Override
  public void close() throws IOException {
    raw.close();
    times.close();
  }
}
