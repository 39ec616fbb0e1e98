package dev.millrace.registry.docker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.registry.ImageRef;
import dev.millrace.spi.tck.Calls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a plain docker-registry does not show: tokens, odd answers, throttling. */
class RegistryLoginTest {
  private final List<String> seen = new CopyOnWriteArrayList<>();
  private HttpServer server;
  private String host;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    host = "127.0.0.1:" + server.getAddress().getPort();
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void answer(String path, int status, String body, Map<String, String> headers) {
    server.createContext(path, exchange -> reply(exchange, status, body, headers));
  }

  private void reply(HttpExchange exchange, int status, String body, Map<String, String> headers)
      throws IOException {
    String login = exchange.getRequestHeaders().getFirst("Authorization");
    seen.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " " + login);
    headers.forEach(exchange.getResponseHeaders()::set);
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    boolean head = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(status, head || bytes.length == 0 ? -1 : bytes.length);
    if (!head && bytes.length > 0) {
      exchange.getResponseBody().write(bytes);
    }
    exchange.close();
  }

  private DockerRegistry registry(String user, String password) throws PluginException {
    return new DockerRegistry(new TestConfig(new String[] {host}, user, password, true, ""));
  }

  private ImageRef image() {
    return ImageRef.parse(host + "/team/x:1");
  }

  @Test
  void aTokenIsFetchedWhereTheRegistryAsksForOne() throws Exception {
    String digest = "sha256:" + "a".repeat(64);
    server.createContext(
        "/v2/team/x/manifests/1",
        exchange -> {
          boolean good =
              "Bearer tok".equals(exchange.getRequestHeaders().getFirst("Authorization"));
          reply(
              exchange,
              good ? 200 : 401,
              "",
              good
                  ? Map.of("Docker-Content-Digest", digest)
                  : Map.of(
                      "WWW-Authenticate",
                      "Bearer realm=\"http://"
                          + host
                          + "/token\",service=\"reg\",scope=\"repository:team/x:pull\""));
        });
    answer(
        "/token",
        200,
        "{\"expires_in\":60,\"nested\":{\"token\":\"no\"},\"token\":\"tok\"}",
        Map.of());
    assertEquals(digest, registry("", "").resolve(image(), Calls.call()).toString());
    assertTrue(
        seen.get(1).startsWith("GET /token?service=reg&scope=repository%3Ateam%2Fx%3Apull null"),
        seen.toString());
  }

  @Test
  void aTokenServiceElsewhereWithoutHttpsGetsNoLogin() throws Exception {
    answer(
        "/v2/", 401, "", Map.of("WWW-Authenticate", "Bearer realm=\"http://example.org/token\""));
    PluginException e =
        assertThrows(
            PluginException.class, () -> registry("u", "p").resolve(image(), Calls.call()));
    assertEquals(PluginException.Kind.UNAVAILABLE, e.kind());
  }

  @Test
  void aTokenAddressInThisMachineOrItsCloudIsRefused() throws Exception {
    RegistryHosts hosts = RegistryHosts.of(new String[] {"registry.example.org"}, false);
    ImageRef image = ImageRef.parse("registry.example.org/team/x:1");
    for (String realm :
        List.of(
            "https://169.254.169.254/token",
            "https://[::ffff:169.254.169.254]/token",
            "https://[fe80::1]/token",
            "https://127.0.0.1/token",
            "https://localhost/token",
            "https://0.0.0.0/token",
            "https://100.100.100.200/token",
            "https://user:password@192.0.2.1/token",
            "http://192.0.2.1/token",
            "file:///etc/passwd",
            "https:token",
            "not an address")) {
      PluginException e =
          assertThrows(PluginException.class, () -> TokenAddress.of(realm, image, hosts), realm);
      assertEquals(PluginException.Kind.UNAVAILABLE, e.kind(), realm);
    }
    TokenAddress.of("https://192.0.2.1/token", image, hosts);
  }

  @Test
  void aTokenIsOnlyEverAskedForThisImageAndForPulling() throws Exception {
    answer(
        "/v2/",
        401,
        "",
        Map.of(
            "WWW-Authenticate",
            "Bearer realm=\"http://"
                + host
                + "/token\",service=\"reg\",scope=\"repository:other:pull,push registry:catalog:*\""));
    answer("/token", 200, "{\"access_token\":\"tok\"}", Map.of());
    assertThrows(PluginException.class, () -> registry("u", "p").resolve(image(), Calls.call()));
    assertTrue(
        seen.get(1).startsWith("GET /token?service=reg&scope=repository%3Ateam%2Fx%3Apull Basic"),
        seen.toString());
  }

  @Test
  void aRedirectElsewhereGetsNoLogin() throws Exception {
    String digest = "sha256:" + "b".repeat(64);
    server.createContext(
        "/v2/team/x/manifests/1",
        exchange -> {
          boolean login = exchange.getRequestHeaders().containsKey("Authorization");
          String elsewhere = "http://localhost:" + server.getAddress().getPort() + "/else";
          reply(
              exchange,
              login ? 307 : 401,
              "",
              login
                  ? Map.of("Location", elsewhere)
                  : Map.of("WWW-Authenticate", "Basic realm=\"r\""));
        });
    answer("/else", 200, "", Map.of("Docker-Content-Digest", digest));
    assertEquals(digest, registry("u", "p").resolve(image(), Calls.call()).toString());
    assertEquals("HEAD /else null", seen.get(2));
  }

  @Test
  void whereNoDigestIsToldTheManifestIsHashed() throws Exception {
    answer("/v2/", 200, "{}", Map.of());
    assertEquals(
        RegistryServer.sha256("{}".getBytes(StandardCharsets.UTF_8)),
        registry("", "").resolve(image(), Calls.call()).toString());
  }

  @Test
  void aThrottledCallSaysHowLongToWait() throws Exception {
    answer("/v2/", 429, "", Map.of("Retry-After", "7"));
    PluginException e =
        assertThrows(PluginException.class, () -> registry("", "").resolve(image(), Calls.call()));
    assertEquals(PluginException.Kind.THROTTLED, e.kind());
    assertEquals(Optional.of(Duration.ofSeconds(7)), e.retryAfter());
  }

  @Test
  void anAnswerThatIsNotUnderstoodIsTheRegistrysTrouble() throws Exception {
    answer("/v2/", 200, "", Map.of("Docker-Content-Digest", "nonsense"));
    PluginException e =
        assertThrows(PluginException.class, () -> registry("", "").resolve(image(), Calls.call()));
    assertEquals(PluginException.Kind.UNAVAILABLE, e.kind());
    server.removeContext("/v2/");
    answer("/v2/", 502, "", Map.of());
    assertEquals(
        PluginException.Kind.UNAVAILABLE,
        assertThrows(PluginException.class, () -> registry("", "").resolve(image(), Calls.call()))
            .kind());
  }

  @Test
  void plainHttpBeyondLoopbackIsRefused() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                new DockerRegistry(
                    new TestConfig(new String[] {"registry.example.org"}, "", "", true, "")));
    assertTrue(e.getMessage().contains("loopback"), e.getMessage());
  }

  @Test
  void aLoginNeedsBothHalvesAndHostsMustBeNamed() {
    assertThrows(IllegalArgumentException.class, () -> registry("u", ""));
    assertThrows(
        IllegalArgumentException.class,
        () -> new DockerRegistry(new TestConfig(new String[0], "", "", false, "")));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new DockerRegistry(new TestConfig(new String[] {"h"}, "", "", false, "/nonexistent")));
  }

  @Test
  void theDefaultHostAnswersAtItsOwnAddress() {
    RegistryHosts hosts = RegistryHosts.of(new String[] {"index.docker.io"}, false);
    assertEquals(
        "https://registry-1.docker.io/v2/library/busybox/manifests/1",
        hosts.address(ImageRef.parse("busybox:1"), "1").toString());
    assertTrue(hosts.names().contains("docker.io"));
  }
}
