package dev.millrace.worker.run;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * The files found in an outputs folder, as few bytes: each name without what it shares with the one
 * before it, the first of them in memory and the rest in a file of the worker's. However many there
 * are, and however long their names, the memory for them is the same.
 */
final class OutputList implements Iterable<OutputTree.Entry>, Closeable {
  private static final int IN_MEMORY = 1 << 20;
  private static final long MOST_BYTES = 64L << 20;

  private final Path spill;
  private final long most;
  private final ByteArrayOutputStream memory = new ByteArrayOutputStream();
  private final ByteArrayOutputStream open = new ByteArrayOutputStream();
  private @Nullable FileChannel file;
  private long spilled;
  private byte[] last = {};
  private long count;
  private @Nullable String full;

  /**
   * Takes one more than the limit, so that the master tells what is over it; {@code spill} is a
   * file that is made where they are many.
   */
  OutputList(Path spill, long most) {
    this.spill = spill;
    this.most = most;
  }

  /** Adds a file; false where it holds no more. */
  boolean add(OutputTree.Entry entry) throws IOException {
    if (full != null) {
      return false;
    }
    if (count >= most) {
      full =
          "there are more than the limit of "
              + (most - 1)
              + " files. Pack small files into archives.";
      return false;
    }
    write(entry);
    if (memory.size() + spilled + open.size() > MOST_BYTES) {
      full = "their names take more than " + (MOST_BYTES >> 20) + " MiB. Use shorter names.";
    }
    count++;
    return true;
  }

  /** Why it holds no more, or null. */
  @Nullable String full() {
    return full;
  }

  long count() {
    return count;
  }

  private void write(OutputTree.Entry entry) throws IOException {
    byte[] path = entry.path().getBytes(StandardCharsets.UTF_8);
    int shared = 0;
    while (shared < Math.min(path.length, last.length) && path[shared] == last[shared]) {
      shared++;
    }
    ByteArrayOutputStream target = memory.size() < IN_MEMORY ? memory : open;
    DataOutputStream out = new DataOutputStream(target);
    out.writeInt(shared);
    out.writeInt(path.length - shared);
    out.write(path, shared, path.length - shared);
    out.writeLong(entry.size());
    out.writeLong(entry.createdMicros());
    out.writeLong(entry.modifiedMicros());
    out.writeBoolean(entry.readOnly());
    last = path;
    if (open.size() > 65_536) {
      flush();
    }
  }

  private void flush() throws IOException {
    FileChannel channel = file;
    if (channel == null) {
      channel =
          FileChannel.open(
              spill,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.DELETE_ON_CLOSE);
      file = channel;
    }
    ByteBuffer bytes = ByteBuffer.wrap(open.toByteArray());
    long at = spilled;
    while (bytes.hasRemaining()) {
      at += channel.write(bytes, at);
    }
    spilled = at;
    open.reset();
  }

  /** Goes through them from the first; may be asked again, also while an earlier one goes on. */
  @Override
  public Iterator<OutputTree.Entry> iterator() {
    return new Reader(memory.toByteArray(), open.toByteArray());
  }

  @Override
  public void close() throws IOException {
    if (file != null) {
      file.close();
    }
  }

  private final class Reader implements Iterator<OutputTree.Entry> {
    private final byte[] tail;
    private ByteBuffer part;
    private long fileAt;
    private boolean inTail;
    private byte[] path = {};
    private long left = count;

    Reader(byte[] head, byte[] tail) {
      this.part = ByteBuffer.wrap(head);
      this.tail = tail;
    }

    @Override
    public boolean hasNext() {
      return left > 0;
    }

    @Override
    public OutputTree.Entry next() {
      if (left == 0) {
        throw new NoSuchElementException();
      }
      left--;
      try {
        ByteBuffer sizes = take(2 * Integer.BYTES);
        int shared = sizes.getInt();
        int more = sizes.getInt();
        byte[] name = new byte[shared + more];
        System.arraycopy(path, 0, name, 0, shared);
        take(more).get(name, shared, more);
        path = name;
        ByteBuffer rest = take(3 * Long.BYTES + 1);
        return new OutputTree.Entry(
            new String(name, StandardCharsets.UTF_8),
            rest.getLong(),
            rest.getLong(),
            rest.getLong(),
            rest.get() != 0);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** The next bytes, from memory, the file or what was not written to it. */
    private ByteBuffer take(int bytes) throws IOException {
      if (part.remaining() >= bytes) {
        return part;
      }
      ByteBuffer next = ByteBuffer.allocate(Math.max(bytes, 65_536));
      next.put(part);
      FileChannel channel = file;
      while (next.position() < bytes && channel != null && fileAt < spilled) {
        int most = (int) Math.min(next.remaining(), spilled - fileAt);
        ByteBuffer window = next.slice(next.position(), most);
        int n = channel.read(window, fileAt);
        if (n < 0) {
          throw new EOFException("the list of outputs was cut");
        }
        next.position(next.position() + n);
        fileAt += n;
      }
      next.flip();
      if (next.remaining() < bytes && !inTail) {
        inTail = true;
        ByteBuffer whole = ByteBuffer.allocate(next.remaining() + tail.length);
        whole.put(next).put(tail).flip();
        next = whole;
      }
      part = next;
      return part;
    }
  }
}
