package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Many clients that send a byte now and then: others are answered, and those are cut. */
@Tag("volume")
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SlowClientsIT {
  private static final int MANY = 250;

  /** In full: twice the stated deadline, as this machine may be slow, too. */
  private static final Duration LOOK = Duration.ofSeconds(Machine.full() ? 60 : 5);

  private Distribution millrace;
  private Api ada;

  @BeforeAll
  void start() {
    millrace = Distribution.start(Map.of());
    ada = millrace.user("ada");
  }

  @AfterAll
  void stop() {
    millrace.close();
  }

  @Test
  void holdNobodyAndAreCut() throws Exception {
    String json = "Host: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n";
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < MANY; i++) {
        slow.add(connect("GET /live HTTP/1.1\r\nHost: x\r\nX-Slow: "));
        slow.add(connect("POST /worker/v1/register HTTP/1.1\r\n" + json + "\r\n{"));
        String token = "Authorization: Token " + ada.token() + "\r\n";
        slow.add(connect("POST /api/v0/projects/ HTTP/1.1\r\n" + token + json + "\r\n{"));
      }
      long from = System.nanoTime();
      long longest = 0;
      for (int i = 0; System.nanoTime() - from < LOOK.toNanos() && !slow.isEmpty(); i++) {
        slow.removeIf(SlowClientsIT::gone);
        long asked = System.nanoTime();
        ada.get("/api/v0/projects/").expectSuccess();
        ada.post("/api/v0/projects/", Map.of("name", "named " + i)).expectSuccess();
        longest = Math.max(longest, System.nanoTime() - asked);
        TimeUnit.MILLISECONDS.sleep(500);
      }
      System.out.println(
          slow.size()
              + " of "
              + 3 * MANY
              + " slow clients left after "
              + Duration.ofNanos(System.nanoTime() - from).toSeconds()
              + " s; two requests of another took at most "
              + TimeUnit.NANOSECONDS.toMillis(longest)
              + " ms");
      assertTrue(longest < TimeUnit.SECONDS.toNanos(10), "others waited " + longest + " ns");
      assertTrue(slow.isEmpty() || !Machine.full(), "slow clients are connected after " + LOOK);
      assertEquals(200, ada.get("/ready").status());
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  /** From another address of this machine than other clients have. */
  private Socket connect(String begin) throws IOException {
    URI address = URI.create(millrace.address());
    Socket socket = new Socket();
    socket.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.2"), 0));
    socket.connect(new InetSocketAddress(address.getHost(), address.getPort()));
    socket.getOutputStream().write(begin.getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  /** Sends one more byte; whether the other side has hung up. */
  private static boolean gone(Socket socket) {
    try {
      if (socket.getInputStream().available() > 0) {
        // Refused with an answer.
        socket.close();
        return true;
      }
      socket.getOutputStream().write('x');
      return false;
    } catch (IOException e) {
      return true;
    }
  }
}
