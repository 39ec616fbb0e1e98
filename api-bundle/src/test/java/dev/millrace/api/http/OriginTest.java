package dev.millrace.api.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class OriginTest {
  private static final AddressRanges PROXIES = new AddressRanges(List.of("10.0.0.0/8", "::1"));

  private static Origin origin(String peer, Map<String, String> headers) {
    return Origin.of(PROXIES, peer, "http", "master:8000", headers::get);
  }

  @Test
  void aStrangersForwardingHeadersAreIgnored() {
    Origin origin =
        origin("192.0.2.7", Map.of("X-Forwarded-Host", "evil", "X-Forwarded-For", "1.2.3.4"));
    assertEquals(new Origin("192.0.2.7", "http://master:8000"), origin);
  }

  @Test
  void aTrustedProxySaysHowItsClientWroteTheAddress() {
    Origin origin =
        origin(
            "10.1.2.3",
            Map.of(
                "X-Forwarded-Proto", "https",
                "X-Forwarded-Host", "ml.example.org",
                "X-Forwarded-Port", "443",
                "X-Forwarded-For", "6.6.6.6, 192.0.2.9, 10.9.9.9"));
    assertEquals(new Origin("192.0.2.9", "https://ml.example.org"), origin);
  }

  @Test
  void aPortOtherThanTheStandardOneIsKept() {
    Origin origin =
        origin("::1", Map.of("X-Forwarded-Host", "ml.example.org", "X-Forwarded-Port", "8443"));
    assertEquals("http://ml.example.org:8443", origin.base());
  }

  @Test
  void nonsenseInTheChainLeavesTheProxyAsClient() {
    assertEquals("10.0.0.1", origin("10.0.0.1", Map.of("X-Forwarded-For", "<script>")).address());
    assertEquals(
        "http://master:8000", origin("10.0.0.1", Map.of("X-Forwarded-Host", "a b/../c")).base());
  }

  @Test
  void aNameIsNoAddressRange() {
    assertThrows(
        IllegalArgumentException.class, () -> new AddressRanges(List.of("proxy.example.org")));
    assertThrows(IllegalArgumentException.class, () -> new AddressRanges(List.of("10.0.0.0/40")));
  }
}
