package dev.millrace.worker;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Answers a few calls like a master with nothing to do, so that the build can record which classes
 * an idle worker loads.
 */
final class Warmup implements AutoCloseable {
  private static final String JSON = "application/json";

  private final ServerSocket server;
  private final CountDownLatch claims = new CountDownLatch(2);

  Warmup() throws IOException {
    server = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
    Thread thread = new Thread(this::serve, "warmup");
    thread.setDaemon(true);
    thread.start();
  }

  int port() {
    return server.getLocalPort();
  }

  /** Waits until the worker is at its claims. */
  void awaitClaims() throws InterruptedException {
    claims.await(20, TimeUnit.SECONDS);
  }

  private void serve() {
    while (!server.isClosed()) {
      try (Socket socket = server.accept()) {
        socket.setSoTimeout(5_000);
        answer(socket.getInputStream(), socket.getOutputStream());
      } catch (IOException e) {
        // The worker went away, or this is the end.
      }
    }
  }

  private void answer(InputStream in, OutputStream out) throws IOException {
    StringBuilder head = new StringBuilder();
    while (!head.toString().endsWith("\r\n\r\n")) {
      int b = in.read();
      if (b < 0) {
        return;
      }
      head.append((char) b);
    }
    int length =
        Integer.parseInt(head.toString().replaceAll("(?is).*content-length: (\\d+).*", "$1"));
    in.skipNBytes(length);
    String body = "{\"runs\":[{\"executionId\":\"x\",\"order\":\"continue\"}],\"draining\":false}";
    if (head.indexOf("/register ") > 0) {
      body =
          "{\"workerId\":\"w\",\"credential\":\"c\",\"group\":{\"id\":\"g\",\"name\":\"g\"},"
              + "\"wireVersion\":1,\"beatSeconds\":1,\"pollSeconds\":1,\"lostSeconds\":600}";
    } else if (head.indexOf("/claim ") > 0) {
      claims.countDown();
      body = "{}";
    }
    String answer =
        "HTTP/1.1 200 OK\r\nContent-Type: "
            + JSON
            + "\r\nConnection: close\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body;
    out.write(answer.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
