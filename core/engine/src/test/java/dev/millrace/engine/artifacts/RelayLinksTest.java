package dev.millrace.engine.artifacts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.StoreId;
import dev.millrace.engine.keys.InstallationKey;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class RelayLinksTest {
  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final StoreId store =
      new StoreId(UUID.fromString("0198f3a0-7c11-7a52-9c3e-5d1f0e6b7a01"));
  private final StoreId other =
      new StoreId(UUID.fromString("0198f3a0-7c11-7a52-9c3e-5d1f0e6b7a02"));
  private final long expires = NOW.plus(MINUTE).getEpochSecond();

  private static RelayLinks links(Instant now) {
    return new RelayLinks(new InstallationKey(new byte[32]), Clock.fixed(now, ZoneOffset.UTC));
  }

  private static String signature(Transfer transfer) {
    return transfer.url().substring(transfer.url().indexOf("&s=") + "&s=".length());
  }

  private String signed() {
    return signature(
        links(NOW).link("PUT", store, "data/a", 5, "a.txt", MINUTE, "http://127.0.0.1"));
  }

  @Test
  void aLinkIsGoodForExactlyWhatItWasMadeForUntilItsTimeIsOver() {
    RelayLinks.Grant grant = new RelayLinks.Grant("PUT", store, "data/a", expires, 5, "a.txt");
    assertTrue(links(NOW).good(grant, signed()));
    assertTrue(links(NOW.plus(MINUTE).minusSeconds(1)).good(grant, signed()));
    assertFalse(links(NOW.plus(MINUTE)).good(grant, signed()));
  }

  @Test
  void theSignatureCoversEachPart() {
    assertFalse(good("GET", store, "data/a", expires, 5, "a.txt"), "verb");
    assertFalse(good("PUT", other, "data/a", expires, 5, "a.txt"), "store");
    assertFalse(good("PUT", store, "data/b", expires, 5, "a.txt"), "key");
    assertFalse(good("PUT", store, "data/a", expires + 1, 5, "a.txt"), "expiry");
    assertFalse(good("PUT", store, "data/a", expires, 6, "a.txt"), "size");
    assertFalse(good("PUT", store, "data/a", expires, 5, "b.txt"), "name");
    assertFalse(
        new RelayLinks(
                new InstallationKey(
                    "another key of thirty-two bytes.".getBytes(StandardCharsets.US_ASCII)),
                Clock.fixed(NOW, ZoneOffset.UTC))
            .good(new RelayLinks.Grant("PUT", store, "data/a", expires, 5, "a.txt"), signed()),
        "another installation's key");
    assertEquals(signed(), signed());
  }

  private boolean good(
      String verb, StoreId where, String key, long until, long bytes, String name) {
    return links(NOW).good(new RelayLinks.Grant(verb, where, key, until, bytes, name), signed());
  }
}
