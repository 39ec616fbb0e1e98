package dev.millrace.worker.transfer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import dev.millrace.worker.http.HttpClient;
import dev.millrace.worker.http.TcpConnector;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where inputs may come from: judged is the address that is connected to, at each hop. */
class AddressGuardTest {
  private static final InetSocketAddress MASTER = new InetSocketAddress("192.0.2.9", 8000);

  @TempDir Path folder;
  private final AtomicInteger asked = new AtomicInteger();
  private HttpServer inner;
  private HttpServer outer;

  /** One server that may be asked, and at another address one that may not. */
  @BeforeEach
  void serve() throws IOException {
    inner = HttpServer.create(new InetSocketAddress("127.0.0.2", 0), 0);
    inner.createContext(
        "/",
        exchange -> {
          asked.incrementAndGet();
          byte[] body = "secret".getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    outer = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    outer.createContext(
        "/",
        exchange -> {
          String to = "http://127.0.0.2:" + inner.getAddress().getPort() + "/secret";
          exchange.getResponseHeaders().set("Location", to);
          exchange.sendResponseHeaders(302, -1);
          exchange.close();
        });
    inner.start();
    outer.start();
  }

  @AfterEach
  void stop() {
    inner.stop(0);
    outer.stop(0);
  }

  private static AddressGuard guard(String... allowed) {
    return new AddressGuard(List.of(allowed).stream().map(AddressRange::parse).toList(), MASTER);
  }

  private String fetch(AddressGuard guard, String uri) throws IOException {
    Path target = folder.resolve("file");
    try (HttpClient http = new HttpClient(new TcpConnector(guard, null))) {
      new Download(http, () -> false).fetch(uri, target);
    }
    return Files.readString(target);
  }

  @Test
  void everySpellingOfAnAddressThatIsOffLimitsIsRefused() throws Exception {
    for (String host :
        List.of(
            "127.0.0.1",
            "localhost",
            "::1",
            "::ffff:127.0.0.1",
            "0.0.0.0",
            "::",
            "169.254.169.254",
            "2852039166",
            "169.254.43518",
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "fe80::1",
            "100.100.100.200",
            "168.63.129.16",
            "fd00:ec2::254",
            "224.0.0.1")) {
      InetAddress address = InetAddress.getAllByName(host)[0];
      assertThrows(AddressGuard.Refused.class, () -> guard().check(address, 80), host);
    }
    InetAddress master = InetAddress.getByName("192.0.2.9");
    assertThrows(AddressGuard.Refused.class, () -> guard().check(master, 8000));
    guard().check(master, 443);
    guard().check(InetAddress.getByName("192.0.2.1"), 8000);
  }

  @Test
  void whatTheOperatorAllowsPassesAndNothingBesides() throws Exception {
    guard("127.0.0.1/32").check(InetAddress.getByName("127.0.0.1"), 80);
    assertThrows(
        AddressGuard.Refused.class,
        () -> guard("127.0.0.1/32").check(InetAddress.getByName("127.0.0.2"), 80));
  }

  @Test
  void aNameIsJudgedByTheAddressThatIsConnectedTo() {
    String uri = "http://localhost:" + outer.getAddress().getPort() + "/x";
    assertThrows(AddressGuard.Refused.class, () -> fetch(guard(), uri));
    assertEquals(0, asked.get());
  }

  @Test
  void aRedirectIsJudgedAnew() throws Exception {
    String uri = "http://127.0.0.1:" + outer.getAddress().getPort() + "/x";
    AddressGuard.Refused refused =
        assertThrows(AddressGuard.Refused.class, () -> fetch(guard("127.0.0.1/32"), uri));
    assertTrue(refused.getMessage().contains("127.0.0.2"), refused.getMessage());
    assertEquals(0, asked.get());
    assertEquals("secret", fetch(guard("127.0.0.0/8"), uri), "with the range allowed it is there");
  }
}
