package dev.millrace.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ListenerTest {
  @Test
  void plainHttpIsServedOnLoopback() throws Exception {
    Listener listener = Listener.of(Map.of());
    assertEquals("http://127.0.0.1:8000", listener.address());
    assertEquals("http://[::1]:8000", Listener.of(Map.of("millrace.http.host", "::1")).address());
    Map<String, String> http = listener.frameworkProperties(Map.of(), Path.of("none"));
    assertEquals("8000", http.get("org.osgi.service.http.port"));
    assertEquals("127.0.0.1", http.get("org.apache.felix.http.host"));
  }

  @Test
  void plainHttpElsewhereIsRefusedWithTheRemedy() {
    Refusal refusal =
        assertThrows(Refusal.class, () -> Listener.of(Map.of("millrace.http.host", "0.0.0.0")));
    assertTrue(refusal.getMessage().contains("MILLRACE_TLS_CERT"), refusal.getMessage());
    assertTrue(refusal.getMessage().contains("MILLRACE_TRUSTED_PROXIES"), refusal.getMessage());
  }

  @Test
  void plainHttpBehindANamedProxyIsServed() throws Exception {
    Listener listener =
        Listener.of(
            Map.of("millrace.http.host", "0.0.0.0", "millrace.trusted.proxies", "192.0.2.1/32"));
    assertFalse(listener.tls());
    assertEquals("http://127.0.0.1:8000", listener.address());
  }

  @Test
  void aCertificateNeedsItsKey() {
    Refusal refusal =
        assertThrows(
            Refusal.class, () -> Listener.of(Map.of("millrace.tls.cert", "/etc/cert.pem")));
    assertTrue(refusal.getMessage().contains("MILLRACE_TLS_KEY"), refusal.getMessage());
  }

  @Test
  void aTakenPortIsRefused() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Listener listener = new Listener("127.0.0.1", taken.getLocalPort(), false);
      Refusal refusal = assertThrows(Refusal.class, listener::checkFree);
      assertTrue(refusal.getMessage().contains("MILLRACE_HTTP_PORT"), refusal.getMessage());
      assertTrue(listener.answers());
    }
  }
}
