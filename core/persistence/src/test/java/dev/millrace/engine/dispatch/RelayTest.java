package dev.millrace.engine.dispatch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.engine.artifacts.RelayLinks;
import dev.millrace.persistence.H2Database;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class RelayTest {
  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private Yard yard;
  private Relay relay;
  private long expires;

  @BeforeEach
  void open() {
    yard = new Yard(h2.database(), folder);
    relay =
        new Relay(h2.database(), yard.desk.blobs, new RelayLinks(yard.desk.key, yard.desk.clock));
    expires = yard.desk.clock.now.plusSeconds(60).getEpochSecond();
    yard.desk.blobs.held.put("data/a", new byte[] {1, 2, 3});
  }

  @Test
  void whatWasSignedIsServed() throws Exception {
    try (var body = relay.download(signed("GET", "data/a", 0, "a.txt"), null).body()) {
      assertArrayEquals(new byte[] {1, 2, 3}, body.readAllBytes());
    }
    relay.upload(signed("PUT", "data/b", 5, ""), bytes(4), 4);
    assertEquals(4, yard.desk.blobs.held.get("data/b").length);
  }

  @Test
  void anAlteredVerbKeySizeExpiryNameOrStoreIsRefused() {
    Relay.Address get = signed("GET", "data/a", 0, "a.txt");
    assertEquals(403, ClaimsTest.status(() -> relay.upload(get, bytes(1), 1)));
    assertEquals(
        403, refused(new Relay.Address(get.store(), "data/b", expires, 0, "a.txt", sign(get))));
    assertEquals(
        403, refused(new Relay.Address(get.store(), "data/a", expires + 1, 0, "a.txt", sign(get))));
    assertEquals(
        403, refused(new Relay.Address(get.store(), "data/a", expires, 1, "a.txt", sign(get))));
    assertEquals(
        403, refused(new Relay.Address(get.store(), "data/a", expires, 0, "b.txt", sign(get))));
    assertEquals(
        403,
        refused(
            new Relay.Address(
                yard.desk.ids.next().toString(), "data/a", expires, 0, "a.txt", sign(get))));
    assertEquals(403, refused(new Relay.Address(get.store(), "data/a", expires, 0, "a.txt", "")));
    assertEquals(403, refused(new Relay.Address("no store", "../a", expires, 0, "", sign(get))));
    Relay.Address put = signed("PUT", "data/b", 5, "");
    assertEquals(403, refused(put));
    Relay.Address more = new Relay.Address(put.store(), "data/b", expires, 9, "", sign(put));
    assertEquals(403, ClaimsTest.status(() -> relay.upload(more, bytes(9), 9)));
    assertEquals(
        1, yard.desk.blobs.held.keySet().stream().filter(k -> k.startsWith("data/")).count());
  }

  @Test
  void nothingIsServedWhenItsTimeIsOverNorTakenBeyondItsSize() {
    Relay.Address put = signed("PUT", "data/b", 5, "");
    assertEquals(413, ClaimsTest.status(() -> relay.upload(put, bytes(6), 6)));
    assertEquals(411, ClaimsTest.status(() -> relay.upload(put, bytes(6), -1)));
    Relay.Address get = signed("GET", "data/a", 0, "");
    yard.desk.clock.now = yard.desk.clock.now.plus(Duration.ofSeconds(60));
    assertEquals(403, refused(get));
    assertEquals(403, ClaimsTest.status(() -> relay.upload(put, bytes(1), 1)));
  }

  private int refused(Relay.Address address) {
    return ClaimsTest.status(() -> relay.download(address, null));
  }

  /** The address as {@link RelayLinks} would have made it. */
  private Relay.Address signed(String verb, String key, long bytes, String name) {
    String store = yard.desk.store.id().toString();
    String text = String.join("\n", verb, store, key, "" + expires, "" + bytes, name);
    return new Relay.Address(
        store, key, expires, bytes, name, yard.desk.key.sign("transfer v1", text));
  }

  private static String sign(Relay.Address address) {
    return address.signature();
  }

  private static ByteArrayInputStream bytes(int count) {
    return new ByteArrayInputStream(new byte[count]);
  }
}
