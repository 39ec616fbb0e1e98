package dev.millrace.worker.http;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/** Connects over TCP or TLS; each resolved address is checked before it is connected to. */
public final class TcpConnector implements Connector {

  /** Says whether an address may be connected to. */
  @FunctionalInterface
  public interface AddressCheck {
    /** Throws with the reason when the address is refused. */
    void check(InetAddress address, int port) throws IOException;
  }

  private final AddressCheck check;
  private final @Nullable SSLSocketFactory tls;

  /** {@code tls} null means the certificates that the Java runtime trusts. */
  public TcpConnector(AddressCheck check, @Nullable SSLSocketFactory tls) {
    this.check = check;
    this.tls = tls;
  }

  @Override
  public HttpLink connect(URI uri, Duration timeout) throws IOException {
    String host = uri.getHost();
    if (host == null) {
      throw new IOException("the address has no host");
    }
    String bare =
        host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
    boolean secure = "https".equals(uri.getScheme());
    int port = uri.getPort() >= 0 ? uri.getPort() : secure ? 443 : 80;
    IOException last = new UnknownHostException(host);
    for (InetAddress address : InetAddress.getAllByName(bare)) {
      check.check(address, port);
      Socket socket = new Socket();
      try {
        socket.connect(new InetSocketAddress(address, port), (int) timeout.toMillis());
        socket.setTcpNoDelay(true);
        return new SocketLink(secure ? secured(socket, bare, port, timeout) : socket);
      } catch (IOException e) {
        socket.close();
        last = e;
      }
    }
    throw last;
  }

  private Socket secured(Socket plain, String host, int port, Duration timeout) throws IOException {
    SSLSocketFactory factory = tls == null ? (SSLSocketFactory) SSLSocketFactory.getDefault() : tls;
    SSLSocket socket = (SSLSocket) factory.createSocket(plain, host, port, true);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    socket.setSSLParameters(parameters);
    socket.setSoTimeout((int) timeout.toMillis());
    socket.startHandshake();
    return socket;
  }

  private static final class SocketLink implements HttpLink {
    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    SocketLink(Socket socket) throws IOException {
      this.socket = socket;
      this.in = new BufferedInputStream(socket.getInputStream(), 65_536);
      this.out = socket.getOutputStream();
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
    public void timeout(Duration timeout) throws IOException {
      socket.setSoTimeout((int) Math.min(Integer.MAX_VALUE, timeout.toMillis()));
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
