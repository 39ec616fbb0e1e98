package dev.millrace.worker.http;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;

/** Connects to one Unix socket, whatever host the URI names. */
public final class UnixConnector implements Connector {
  private final Path socket;

  public UnixConnector(Path socket) {
    this.socket = socket;
  }

  @Override
  public HttpLink connect(URI uri, Duration timeout) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
      return new ChannelLink(channel);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /** Unix channels know no read timeout in Java 17: a selector waits instead. */
  private static final class ChannelLink implements HttpLink {
    private final SocketChannel channel;
    private final Selector selector;
    private final SelectionKey key;
    private final InputStream in = new BufferedInputStream(new In(), 65_536);
    private final OutputStream out = new Out();
    private long timeoutMillis = 30_000;

    ChannelLink(SocketChannel channel) throws IOException {
      this.channel = channel;
      this.selector = Selector.open();
      channel.configureBlocking(false);
      this.key = channel.register(selector, SelectionKey.OP_READ);
    }

    @Override
    public InputStream input() {
      return in;
    }

    @Override
    public OutputStream output() {
      return out;
    }

    @Override
    public void timeout(Duration timeout) {
      timeoutMillis = Math.max(1, timeout.toMillis());
    }

    @Override
    public void close() throws IOException {
      try (selector) {
        channel.close();
      }
    }

    private void await(int operation) throws IOException {
      key.interestOps(operation);
      selector.selectedKeys().clear();
      if (selector.select(timeoutMillis) == 0 && selector.isOpen()) {
        throw new SocketTimeoutException("no answer for " + timeoutMillis + " ms");
      }
    }

    private final class In extends InputStream {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] bytes, int offset, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, length);
        int n = channel.read(buffer);
        while (n == 0 && length > 0) {
          await(SelectionKey.OP_READ);
          n = channel.read(buffer);
        }
        return n;
      }
    }

    private final class Out extends OutputStream {
      @Override
      public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, length);
        while (buffer.hasRemaining()) {
          if (channel.write(buffer) == 0) {
            await(SelectionKey.OP_WRITE);
          }
        }
      }
    }
  }
}
