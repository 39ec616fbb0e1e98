package dev.millrace.engine.plugins;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A plugin's stream, read in chunks on the guard's threads, each with a deadline. It holds a permit
 * until it is closed, so that a removal waits for it; afterwards it fails.
 */
final class GuardedStream extends InputStream {
  private static final int CHUNK = 128 << 10;
  private static final Duration CHUNK_TIME = Duration.ofSeconds(60);
  private static final Duration CLOSE_TIME = Duration.ofSeconds(10);

  private final Guard<?> guard;
  private final InputStream raw;
  private final AtomicBoolean closed = new AtomicBoolean();
  private byte[] chunk = new byte[0];
  private int position;
  private int end;

  GuardedStream(Guard<?> guard, InputStream raw) {
    this.guard = guard;
    this.raw = raw;
  }

  @Override
  public int read() throws IOException {
    return fill() ? chunk[position++] & 0xff : -1;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (!fill()) {
      return -1;
    }
    int n = Math.min(length, end - position);
    System.arraycopy(chunk, position, into, offset, n);
    position += n;
    return n;
  }

  @Override
  public int available() {
    return end - position;
  }

  private boolean fill() throws IOException {
    if (closed.get()) {
      throw new IOException("the stream is closed");
    }
    if (position < end) {
      return true;
    }
    // A new array each time the last call was given up would be safer still; but then the stream is
    // dead as well, because it fails.
    byte[] into = chunk.length == 0 ? new byte[CHUNK] : chunk;
    int n;
    try {
      n = guard.onStream("read", CHUNK_TIME, () -> raw.read(into));
    } catch (IOException e) {
      chunk = new byte[0];
      position = 0;
      end = 0;
      throw e;
    }
    if (n > into.length) {
      throw new IOException("the plugin says that it read more than there is room for");
    }
    chunk = into;
    position = 0;
    end = Math.max(0, n);
    return n > 0;
  }

  @Override
  public void close() throws IOException {
    if (closed.getAndSet(true)) {
      return;
    }
    try {
      guard.onStream(
          "close",
          CLOSE_TIME,
          () -> {
            raw.close();
            return true;
          });
    } finally {
      guard.release();
    }
  }
}
