package dev.millrace.engine.plugins;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.PluginInfo.Kind;
import dev.millrace.engine.domain.PluginInfo.State;
import dev.millrace.spi.common.CallContext;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.storage.BlobKey;
import dev.millrace.spi.storage.ByteRange;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PluginDirectoryTest {
  private static final BlobKey KEY = new BlobKey("k");

  private final PluginDirectory directory =
      new PluginDirectory(Clock.fixed(Instant.EPOCH, ZoneOffset.UTC), Pace.REAL);
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  @Test
  void aStoreThatIsThereIsUsedByItsName() throws Exception {
    directory.addStore("ref", "default", 7, new MemoryStore());
    GuardedStore store = directory.store("default").orElseThrow();
    byte[] bytes = new byte[300_000];
    bytes[299_999] = 1;
    store.write(KEY, new ByteArrayInputStream(bytes), Writing.sized(bytes.length));
    try (InputStream in = store.read(KEY, ByteRange.ALL)) {
      assertArrayEquals(bytes, in.readAllBytes());
    }
    assertEquals(bytes.length, store.stat(KEY).orElseThrow().size());
    assertEquals(URI.create("memory://test/"), store.root());
    assertEquals(State.READY, directory.services(7).get(0).state());
    assertEquals(List.of(), directory.services(8));
    assertTrue(directory.compute("default").isEmpty());
  }

  @Test
  void listenersHearOfComingAndGoing() {
    List<String> heard = new ArrayList<>();
    directory.listen(
        (kind, name, there) -> {
          throw new IllegalStateException("a bad listener");
        });
    Plugins.Subscription subscription =
        directory.listen((kind, name, there) -> heard.add(kind + " " + name + " " + there));
    directory.addStore("ref", "default", 1, new MemoryStore());
    directory.remove("ref");
    subscription.close();
    directory.addStore("ref", "default", 1, new MemoryStore());
    assertEquals(List.of("STORE default true", "STORE default false"), heard);
  }

  @Test
  void whoHoldsARemovedStoreIsToldThatItIsMissing() throws Exception {
    directory.addStore("ref", "default", 1, new MemoryStore());
    GuardedStore held = directory.store("default").orElseThrow();
    directory.remove("ref");
    assertEquals(Optional.empty(), directory.store("default"));
    assertThrows(PluginMissing.class, () -> held.stat(KEY));
    assertTrue(directory.missing(Kind.STORE, "default").getMessage().contains("was removed"));
    assertTrue(directory.missing(Kind.COMPUTE, "x").getMessage().contains("no plugin"));
  }

  @Test
  void aRemovalWaitsUntilAnOpenStreamIsClosed() throws Exception {
    MemoryStore raw = new MemoryStore();
    raw.blobs.put(KEY, new byte[1_000_000]);
    directory.addStore("ref", "default", 1, raw);
    InputStream in = directory.store("default").orElseThrow().read(KEY, ByteRange.ALL);
    assertEquals(0, in.read());
    Future<?> removal = threads.submit(() -> directory.remove("ref"));
    while (directory.store("default").isPresent()) {
      Thread.onSpinWait();
    }
    assertEquals(999_999, in.readAllBytes().length);
    assertFalse(removal.isDone());
    in.close();
    in.close();
    removal.get(10, TimeUnit.SECONDS);
    assertThrows(IOException.class, in::read);
  }

  @Test
  void aStreamThatBreaksSaysSoInItsOwnWords() throws Exception {
    directory.addStore(
        "ref",
        "default",
        1,
        new MemoryStore() {
          @Override
          public InputStream read(BlobKey key, ByteRange range, CallContext call) {
            return new InputStream() {
              @Override
              public int read() {
                throw new IllegalStateException("rogue");
              }
            };
          }
        });
    try (InputStream in = directory.store("default").orElseThrow().read(KEY, ByteRange.ALL)) {
      IOException e = assertThrows(IOException.class, in::read);
      assertTrue(e.getMessage().contains("rogue"), e.getMessage());
      assertEquals(null, e.getCause());
    }
    assertEquals(1, directory.services(1).get(0).figures().broken());
  }

  @Test
  void aPluginCannotTouchTheBodyAfterItsCall() throws Exception {
    List<InputStream> kept = new ArrayList<>();
    directory.addStore(
        "ref",
        "default",
        1,
        new MemoryStore() {
          @Override
          public dev.millrace.spi.storage.Blob write(
              BlobKey key,
              InputStream body,
              dev.millrace.spi.storage.WriteOptions options,
              CallContext call)
              throws PluginException {
            kept.add(body);
            throw new PluginException(PluginException.Kind.UNAVAILABLE, "later");
          }
        });
    InputStream body = new ByteArrayInputStream(new byte[] {1});
    assertThrows(
        PluginException.class,
        () -> directory.store("default").orElseThrow().write(KEY, body, Writing.any()));
    assertEquals(1, kept.size(), "a body is sent once");
    assertThrows(IOException.class, () -> kept.get(0).read());
    assertEquals(1, body.read());
  }

  @Test
  void aStoreThatCannotSayWhatItIsIsQuarantined() throws Exception {
    directory.addStore(
        "ref",
        "bad",
        1,
        new MemoryStore() {
          @Override
          public URI root() {
            return URI.create("no-scheme");
          }
        });
    assertEquals(Optional.empty(), directory.store("bad"));
    assertEquals(State.QUARANTINED, directory.services(1).get(0).state());
    assertTrue(directory.missing(Kind.STORE, "bad").getMessage().contains("must be absolute"));
  }

  @Test
  void ofTwoWithOneNameTheFirstIsUsedUntilItGoes() throws Exception {
    MemoryStore second = new MemoryStore();
    second.blobs.put(KEY, new byte[1]);
    directory.addStore("one", "default", 1, new MemoryStore());
    directory.addStore("two", "default", 2, second);
    assertTrue(directory.store("default").orElseThrow().stat(KEY).isEmpty());
    assertEquals(State.REFUSED, directory.services(2).get(0).state());
    directory.remove("one");
    assertTrue(directory.store("default").orElseThrow().stat(KEY).isPresent());
    assertEquals(State.READY, directory.services(2).get(0).state());
  }

  @Test
  void aStoreThatAnswersAfterItsRemovalIsNotHeard() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    directory.addStore(
        "ref",
        "default",
        1,
        new MemoryStore() {
          @Override
          public void delete(BlobKey key, CallContext call) throws PluginException {
            inside.countDown();
            try {
              new CountDownLatch(1).await();
            } catch (InterruptedException e) {
              throw new PluginException(PluginException.Kind.UNAVAILABLE, "interrupted", e);
            }
          }
        });
    GuardedStore held = directory.store("default").orElseThrow();
    Future<?> call =
        threads.submit(
            () -> {
              held.delete(KEY);
              return null;
            });
    assertTrue(inside.await(10, TimeUnit.SECONDS));
    call.cancel(true);
    directory.remove("ref");
    assertThrows(PluginMissing.class, () -> held.delete(KEY));
  }
}
