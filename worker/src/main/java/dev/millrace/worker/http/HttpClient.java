package dev.millrace.worker.http;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Sends calls one at a time per link and keeps idle links for a while. Follows no redirect. */
public final class HttpClient implements AutoCloseable {
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final long IDLE_NANOS = Duration.ofSeconds(15).toNanos();
  private static final int IDLE_LINKS = 20;

  private record Idle(HttpLink link, long since) {}

  private final Connector connector;
  private final Map<String, Deque<Idle>> idle = new ConcurrentHashMap<>();

  public HttpClient(Connector connector) {
    this.connector = connector;
  }

  /**
   * Sends one call. A kept link that turns out to be dead is replaced once; every other failure is
   * the caller's.
   */
  public HttpAnswer send(HttpCall call) throws IOException {
    String server = server(call.uri());
    HttpLink kept = takeIdle(server);
    if (kept != null) {
      try {
        return exchange(kept, call, server);
      } catch (IOException e) {
        kept.close();
        if (e instanceof java.net.SocketTimeoutException) {
          throw e;
        }
      }
    }
    HttpLink link = connector.connect(call.uri(), CONNECT);
    try {
      return exchange(link, call, server);
    } catch (IOException | RuntimeException e) {
      link.close();
      throw e;
    }
  }

  private HttpAnswer exchange(HttpLink link, HttpCall call, String server) throws IOException {
    link.timeout(call.timeout());
    HttpBody body = call.body();
    Sending sending = new Sending(link.output());
    OutputStream out = new BufferedOutputStream(sending, 65_536);
    IOException broken = null;
    try {
      out.write(head(call).getBytes(StandardCharsets.UTF_8));
      if (body != null) {
        body.writeTo(out);
      }
      out.flush();
    } catch (IOException e) {
      if (!sending.failed) {
        throw e; // The body's source failed, not the link.
      }
      // A server may refuse a body in its midst; its answer says more than the broken pipe.
      broken = e;
    }
    HttpHead head;
    try {
      do {
        head = HttpHead.read(link.input());
      } while (head.status() / 100 == 1 && head.status() != 101);
    } catch (IOException e) {
      throw broken == null ? e : broken;
    }
    boolean keep =
        broken == null
            && head.http11()
            && !"close".equalsIgnoreCase(head.headers().get("connection"));
    return new HttpAnswer(head.status(), head.headers(), body(link, call, head, server, keep));
  }

  /** Tells failures of the link from those of what is sent. */
  private static final class Sending extends OutputStream {
    private final OutputStream link;
    private boolean failed;

    Sending(OutputStream link) {
      this.link = link;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      try {
        link.write(bytes, offset, length);
      } catch (IOException e) {
        failed = true;
        throw e;
      }
    }
  }

  private BodyStream body(HttpLink link, HttpCall call, HttpHead head, String server, boolean keep)
      throws IOException {
    var whenDone =
        keep
            ? (java.util.function.Consumer<HttpLink>) l -> giveBack(server, l)
            : (java.util.function.Consumer<HttpLink>) HttpClient::drop;
    int status = head.status();
    if (status == 204 || status == 304 || "HEAD".equals(call.method())) {
      return BodyStream.ofLength(link, link.input(), 0, whenDone);
    }
    String coding = head.headers().get("transfer-encoding");
    if (coding != null && coding.toLowerCase(Locale.ROOT).contains("chunked")) {
      return BodyStream.chunked(link, link.input(), whenDone);
    }
    String length = head.headers().get("content-length");
    if (length == null) {
      return BodyStream.untilClose(link, link.input());
    }
    try {
      return BodyStream.ofLength(
          link, link.input(), Long.parseUnsignedLong(length.trim()), whenDone);
    } catch (NumberFormatException e) {
      throw new IOException("bad Content-Length", e);
    }
  }

  private static String head(HttpCall call) {
    URI uri = call.uri();
    StringBuilder head = new StringBuilder(256);
    String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    head.append(call.method()).append(' ').append(path);
    if (uri.getRawQuery() != null) {
      head.append('?').append(uri.getRawQuery());
    }
    head.append(" HTTP/1.1\r\nHost: ").append(host(uri)).append("\r\n");
    call.headers().forEach((name, value) -> header(head, name, value));
    HttpBody body = call.body();
    if (body != null) {
      header(head, "Content-Length", Long.toString(body.length()));
    } else if (!"GET".equals(call.method()) && !"HEAD".equals(call.method())) {
      header(head, "Content-Length", "0");
    }
    return head.append("\r\n").toString();
  }

  private static void header(StringBuilder head, String name, String value) {
    if (name.equalsIgnoreCase("host") || name.equalsIgnoreCase("content-length")) {
      if (!name.equals("Content-Length")) {
        return;
      }
    }
    if ((name + value).chars().anyMatch(c -> c == '\r' || c == '\n')) {
      throw new IllegalArgumentException("a header has a line end: " + name.strip());
    }
    head.append(name).append(": ").append(value).append("\r\n");
  }

  private static String host(URI uri) {
    String host = uri.getHost() == null ? "localhost" : uri.getHost();
    return uri.getPort() < 0 ? host : host + ":" + uri.getPort();
  }

  private static String server(URI uri) {
    return uri.getScheme() + "://" + host(uri);
  }

  private @Nullable HttpLink takeIdle(String server) {
    Deque<Idle> links = idle.get(server);
    if (links == null) {
      return null;
    }
    synchronized (links) {
      for (Idle next = links.pollLast(); next != null; next = links.pollLast()) {
        if (System.nanoTime() - next.since() < IDLE_NANOS) {
          return next.link();
        }
        drop(next.link());
      }
    }
    return null;
  }

  private void giveBack(String server, HttpLink link) {
    Deque<Idle> links = idle.computeIfAbsent(server, s -> new ArrayDeque<>());
    synchronized (links) {
      links.addLast(new Idle(link, System.nanoTime()));
      while (links.size() > IDLE_LINKS) {
        drop(links.removeFirst().link());
      }
    }
  }

  private static void drop(HttpLink link) {
    try {
      link.close();
    } catch (IOException e) {
      // The link is of no use any more; that it did not close cleanly changes nothing.
    }
  }

  @Override
  public void close() {
    for (Deque<Idle> links : idle.values()) {
      synchronized (links) {
        links.forEach(i -> drop(i.link()));
        links.clear();
      }
    }
  }
}
