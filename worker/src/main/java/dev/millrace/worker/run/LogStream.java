package dev.millrace.worker.run;

import dev.millrace.worker.wire.LogChunk;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One raw stream on disk and, beside it, the times at which its parts were first read. Not safe for
 * several threads: {@link RunLog} guards it.
 */
final class LogStream implements Closeable {
  static final int CHUNK = 256 * 1024;
  private static final int RECORD = 24;

  /** How many parts a chunk has beside its first one. */
  private static final int MARKS = 200;

  /** A part grows so long while nothing else is written: its lines keep their order. */
  private static final long GROWS_MICROS = 20_000;

  /** A part of the stream as it was first read. */
  record Part(long offset, long time, int length, int lines) {
    long end() {
      return offset + length;
    }
  }

  private final String name;
  private final FileChannel raw;
  private final FileChannel times;
  private final SecretMask mask;
  private long parts;
  private long stamped;
  private @Nullable Part open;
  private long dropped;

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

  /**
   * Keeps what came at an offset, as far as it is not there yet and the stream may grow to that
   * limit.
   */
  void take(ByteBuffer bytes, long start, long limit) throws IOException {
    long end = start + bytes.limit();
    long from = raw.size();
    if (from >= start && from < Math.min(end, limit)) {
      ByteBuffer rest = bytes.duplicate();
      rest.position((int) (from - start)).limit((int) (Math.min(end, limit) - start));
      write(raw, rest, from);
    }
    dropped = Math.max(dropped, end - raw.size());
  }

  /** How many bytes were not kept, for the limit was reached. */
  long dropped() {
    return dropped;
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
    Part last = open;
    if (last != null && (time - last.time() >= GROWS_MICROS || last.length() + length > CHUNK)) {
      last = null;
    }
    Part part =
        last == null
            ? new Part(stamped, time, length, lines)
            : new Part(
                last.offset(), last.time(), last.length() + length, last.lines() + lines - 1);
    ByteBuffer record = ByteBuffer.allocate(RECORD);
    record.putLong(part.offset()).putLong(part.time());
    record.putInt(part.length()).putInt(part.lines()).flip();
    long number = last == null ? parts : parts - 1;
    write(times, record, number * RECORD);
    parts = number + 1;
    stamped = part.end();
    open = part;
    return part;
  }

  /** Another stream goes on: what comes here next has a time of its own. */
  void interrupted() {
    open = null;
  }

  /** The masked bytes from an offset on, as far as one message takes; null at the end. */
  @Nullable LogChunk chunk(long offset) throws IOException {
    if (offset >= stamped || offset < 0) {
      return null;
    }
    long number = find(offset);
    Part part = part(number);
    long end = part.end();
    List<LogChunk.Mark> marks = new ArrayList<>();
    for (Part next : parts(number + 1, MARKS)) {
      if (next.end() - offset > CHUNK) {
        break;
      }
      marks.add(new LogChunk.Mark((int) (next.offset() - offset), next.time()));
      end = next.end();
    }
    long from = Math.max(0, offset - mask.context());
    long to = Math.max(end, Math.min(raw.size(), end + mask.context()));
    byte[] window = read(from, to);
    mask.apply(window);
    int skip = (int) (offset - from);
    byte[] bytes = new byte[(int) (end - offset)];
    System.arraycopy(window, skip, bytes, 0, bytes.length);
    long time = part.time();
    if (offset > part.offset()) {
      for (byte b : read(part.offset(), offset)) {
        time += b == '\n' ? 1 : 0;
      }
    }
    return new LogChunk(offset, time, bytes, marks);
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
    return parts(index, 1).get(0);
  }

  /** So many parts from that one on, fewer at the end. */
  private List<Part> parts(long index, int most) throws IOException {
    int count = (int) Math.max(0, Math.min(most, parts - index));
    ByteBuffer record = ByteBuffer.allocate(count * RECORD);
    while (record.hasRemaining()) {
      if (times.read(record, index * RECORD + record.position()) < 0) {
        throw new IOException("the times of " + name + " are cut short");
      }
    }
    record.flip();
    List<Part> found = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      found.add(new Part(record.getLong(), record.getLong(), record.getInt(), record.getInt()));
    }
    return found;
  }

  private byte[] read(long from, long to) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) (to - from));
    while (bytes.hasRemaining()) {
      if (raw.read(bytes, from + bytes.position()) < 0) {
        // A run of an earlier release may cut its own log short.
        Arrays.fill(bytes.array(), bytes.position(), bytes.limit(), (byte) ' ');
        break;
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
