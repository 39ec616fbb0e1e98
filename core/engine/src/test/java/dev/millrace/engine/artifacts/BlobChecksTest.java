package dev.millrace.engine.artifacts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.StoreId;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.storage.Blob;
import dev.millrace.spi.storage.BlobKey;
import dev.millrace.spi.storage.ByteRange;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BlobChecksTest {
  private static final DataStore STORE =
      new DataStore(
          new StoreId(new UUID(0, 1)),
          "s",
          Optional.empty(),
          "s",
          "memory",
          "memory:",
          Instant.EPOCH,
          Instant.EPOCH,
          1);

  private BlobChecks checks;

  @AfterEach
  void close() {
    checks.close();
  }

  @Test
  void sixteenAreAskedForAtATimeAndTheAnswersAreInOrder() {
    CyclicBarrier together = new CyclicBarrier(16);
    List<BlobChecks.Found> found =
        sizes(
            160,
            key -> {
              try {
                together.await(60, TimeUnit.SECONDS);
              } catch (Exception e) {
                throw new AssertionError("they come one after the other", e);
              }
              return Optional.of(Long.valueOf(key));
            });
    assertEquals(
        IntStream.range(0, 160).mapToObj(Long::valueOf).toList(),
        found.stream().map(BlobChecks.Found::size).toList());
  }

  @Test
  void whatIsRefusedIsSaidOfItsKeyAlone() {
    List<BlobChecks.Found> found =
        sizes(
            100,
            key -> {
              if (key.endsWith("7")) {
                throw StoreUnavailable.of(
                    "s", new PluginException(PluginException.Kind.INVALID, "too long"));
              }
              return key.endsWith("8") ? Optional.empty() : Optional.of(1L);
            });
    for (int i = 0; i < 100; i++) {
      BlobChecks.Found one = found.get(i);
      assertEquals(i % 10 == 7, one.failure() != null, i + ": " + one);
      assertEquals(i % 10 == 7 || i % 10 == 8 ? -1 : 1, one.size());
    }
    StoreUnavailable failure = found.get(7).failure();
    assertEquals("store_refused", failure.code());
    assertEquals("Data store s refuses this for good: too long", failure.getMessage());
  }

  @Test
  void aStoreThatIsAwayIsNotAskedAThousandTimes() {
    AtomicInteger asked = new AtomicInteger();
    List<BlobChecks.Found> found =
        sizes(
            1_000,
            key -> {
              asked.incrementAndGet();
              throw new StoreUnavailable("away");
            });
    assertEquals(1_000, found.stream().filter(f -> f.failure() != null).count());
    assertTrue(asked.get() < 64, asked.toString());
  }

  private List<BlobChecks.Found> sizes(int count, Function<String, Optional<Long>> sizes) {
    checks = new BlobChecks(new Sizes(sizes));
    return checks.sizes(STORE, IntStream.range(0, count).mapToObj(String::valueOf).toList());
  }

  private record Sizes(Function<String, Optional<Long>> sizes) implements Blobs {
    @Override
    public Optional<Blob> stat(DataStore store, String key) {
      return sizes.apply(key).map(size -> new Blob(new BlobKey("k"), size, "e", Instant.EPOCH));
    }

    @Override
    public Optional<String> missing(DataStore store) {
      return Optional.empty();
    }

    @Override
    public Optional<InputStream> read(DataStore store, String key, ByteRange range) {
      return Optional.empty();
    }

    @Override
    public void ensure(DataStore store, String key, Path file) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Blob write(DataStore store, String key, InputStream body, long bytes) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void delete(DataStore store, String key) {
      throw new UnsupportedOperationException();
    }
  }
}
