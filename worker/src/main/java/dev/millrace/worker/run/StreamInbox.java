package dev.millrace.worker.run;

import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;

/**
 * Where bytes of a pipe arrive: a mapped file, so that the kernel puts what it takes out of the
 * pipe into the file in the same call. A worker that is killed at any instant loses none and takes
 * none twice.
 *
 * <p>Before a read the place is filled with a byte that no text in UTF-8 has, and how much is
 * wanted is written down, which is never more than the pipe is known to hold. Whoever opens the
 * file next sees by the fill whether the read took place.
 *
 * <p>Its own notes are written as to any file: a full disk then answers with an error, where a
 * write to the mapping would break the thread, and that some time later.
 */
final class StreamInbox implements Closeable {
  static final int CAPACITY = 64 * 1024;
  private static final int HEADER = 4096;
  private static final byte FILL = (byte) 0xFF;

  /**
   * The stream offset of the first byte is in one of two places; one of the mark's bits says where.
   */
  private static final int[] START = {0, 8};

  private static final int MARK = 16;
  private static final int LOW = 31;
  private static final long COUNT = (1L << LOW) - 1;
  private static final byte[] FILLED = new byte[CAPACITY];

  static {
    Arrays.fill(FILLED, FILL);
  }

  private final RandomAccessFile file;
  private final MappedByteBuffer map;
  private int slot;
  private int length;

  private StreamInbox(RandomAccessFile file) throws IOException {
    this.file = file;
    this.map = file.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, HEADER + (long) CAPACITY);
    long mark = map.getLong(MARK);
    this.slot = mark < 0 ? 1 : 0;
    this.length = (int) (mark >>> LOW & COUNT);
    int wanted = (int) (mark & COUNT);
    if (wanted > 0 && arrived(length, wanted)) {
      length += wanted;
    }
    mark(0);
    fill(length, CAPACITY);
  }

  /** Opens the file of a stream, or makes it. */
  static StreamInbox open(Path file) throws IOException {
    if (!Files.exists(file)) {
      byte[] empty = new byte[HEADER + CAPACITY];
      Arrays.fill(empty, HEADER, empty.length, FILL);
      Path next = file.resolveSibling(file.getFileName() + ".tmp");
      Files.write(next, empty);
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    }
    RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw");
    try {
      if (open.length() < HEADER + CAPACITY) {
        throw new IOException(file + " is shorter than it was made");
      }
      return new StreamInbox(open);
    } catch (IOException e) {
      open.close();
      throw e;
    }
  }

  /** The offset in the stream at which its bytes start. */
  long start() {
    return map.getLong(START[slot]);
  }

  /** How many bytes are in it. */
  int length() {
    return length;
  }

  /**
   * Takes that many bytes out of a pipe, fewer where there is no room: no more than the pipe holds,
   * or one, which waits for it.
   */
  int receive(ReadableByteChannel from, int bytes) throws IOException {
    int wanted = Math.min(bytes, CAPACITY - length);
    if (wanted <= 0) {
      return 0;
    }
    mark(wanted);
    ByteBuffer place = map.duplicate();
    place.limit(HEADER + length + wanted).position(HEADER + length);
    int read = from.read(place);
    length += Math.max(0, read);
    mark(0);
    return read;
  }

  /** Its bytes. */
  ByteBuffer content() {
    ByteBuffer content = map.duplicate();
    content.limit(HEADER + length).position(HEADER);
    return content.slice();
  }

  /** Empties it: its bytes are kept elsewhere. */
  void done() throws IOException {
    long next = start() + length;
    fill(0, length);
    write(START[1 - slot], next);
    slot = 1 - slot;
    length = 0;
    mark(0);
  }

  private boolean arrived(int from, int count) {
    for (int i = from; i < from + count; i++) {
      if (map.get(HEADER + i) != FILL) {
        return true;
      }
    }
    return false;
  }

  private void fill(int from, int to) throws IOException {
    file.seek(HEADER + (long) from);
    file.write(FILLED, 0, to - from);
  }

  private void mark(int wanted) throws IOException {
    write(MARK, (long) slot << 63 | (long) length << LOW | wanted);
  }

  /** One write, so that what it says is never of two minds. */
  private void write(int at, long value) throws IOException {
    file.seek(at);
    file.write(ByteBuffer.allocate(Long.BYTES).putLong(value).array());
  }

  /** The file goes with its run's folder, the mapping with this object. */
  @Override
  public void close() throws IOException {
    file.close();
  }
}
