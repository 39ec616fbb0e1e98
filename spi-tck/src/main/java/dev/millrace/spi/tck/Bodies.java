package dev.millrace.spi.tck;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/** Bodies that are awkward to store. */
final class Bodies {
  private Bodies() {}

  /** Bytes that follow from their position, so that a hole or a doubled piece is seen. */
  static InputStream counted(long length, LongConsumer atEachRead) {
    return new InputStream() {
      private long position;

      @Override
      public int read() {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] into, int offset, int wanted) {
        if (wanted == 0) {
          return 0;
        }
        if (position == length) {
          return -1;
        }
        atEachRead.accept(position);
        int n = (int) Math.min(Math.min(wanted, 65_521), length - position);
        for (int i = 0; i < n; i++) {
          into[offset + i] = byteAt(position + i);
        }
        position += n;
        return n;
      }
    };
  }

  static byte byteAt(long position) {
    return (byte) (position * 0x9E3779B97F4A7C15L >>> 40);
  }

  /** The first half of the bytes, then a wait until {@code go}, then the rest. */
  static InputStream paused(byte[] bytes, CountDownLatch halfway, CountDownLatch go) {
    return new InputStream() {
      private int position;

      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] into, int offset, int wanted) throws IOException {
        int half = bytes.length / 2;
        if (position == half) {
          halfway.countDown();
          try {
            if (!go.await(60, TimeUnit.SECONDS)) {
              throw new IOException("nobody let the body go on");
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
          }
        }
        if (position == bytes.length) {
          return -1;
        }
        int end = position < half ? half : bytes.length;
        int n = Math.min(wanted, end - position);
        System.arraycopy(bytes, position, into, offset, n);
        position += n;
        return n;
      }
    };
  }

  /** Some bytes, then a broken connection. */
  static InputStream broken(int after) {
    return new InputStream() {
      private int position;

      @Override
      public int read() throws IOException {
        if (position++ == after) {
          throw new IOException("the sender hung up");
        }
        return 'x';
      }

      @Override
      public int read(byte[] into, int offset, int wanted) throws IOException {
        if (position >= after) {
          throw new IOException("the sender hung up");
        }
        int n = Math.min(wanted, after - position);
        Arrays.fill(into, offset, offset + n, (byte) 'x');
        position += n;
        return n;
      }
    };
  }

  /** Never ends and gives one byte at a time. */
  static InputStream endless() {
    return new InputStream() {
      @Override
      public int read() {
        return 'x';
      }

      @Override
      public int read(byte[] into, int offset, int wanted) {
        if (wanted == 0) {
          return 0;
        }
        into[offset] = 'x';
        return 1;
      }
    };
  }
}
