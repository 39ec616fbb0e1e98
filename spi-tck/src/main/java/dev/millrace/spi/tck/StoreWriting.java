package dev.millrace.spi.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.storage.Blob;
import dev.millrace.spi.storage.ByteRange;
import dev.millrace.spi.storage.StoreFeature;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Writing: whole or not at all, by many at a time, of any size. */
abstract class StoreWriting extends StoreCase {
  private static final long LARGE = 64L << 20;
  private static final long RETAINED = 32L << 20;

  @Test
  final void whatWasWrittenIsReadBack() throws Exception {
    byte[] bytes = "hello, 世界\0\r\n".getBytes(StandardCharsets.UTF_8);
    Blob written = store().write(key("a/b.bin"), body(bytes), Write.sized(bytes.length), call());
    assertEquals(key("a/b.bin"), written.key());
    assertEquals(bytes.length, written.size());
    assertArrayEquals(bytes, read("a/b.bin"));
    assertEquals(Optional.of(written), store().stat(key("a/b.bin"), call()));
  }

  @Test
  final void anEmptyBlobIsABlob() throws Exception {
    write("empty", "");
    assertEquals(0, stat("empty").orElseThrow().size());
    assertArrayEquals(new byte[0], read("empty"));
    awaitListed(List.of("empty"));
  }

  @Test
  final void writingAgainReplaces() throws Exception {
    write("k", "first, and longer");
    String before = stat("k").orElseThrow().etag();
    write("k", "second");
    assertArrayEquals(bytes("second"), read("k"));
    assertNotEquals(before, stat("k").orElseThrow().etag());
    awaitListed(List.of("k"));
  }

  @Test
  final void theBodyIsNotClosed() throws Exception {
    AtomicBoolean closed = new AtomicBoolean();
    InputStream body =
        new ByteArrayInputStream(bytes("x")) {
          @Override
          public void close() {
            closed.set(true);
          }
        };
    store().write(key("k"), body, Write.ANY, call());
    assertFalse(closed.get());
  }

  @Test
  final void aBlobIsNotSeenBeforeItIsWhole() throws Exception {
    CountDownLatch halfway = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    byte[] bytes = filled('n', 1 << 20);
    Future<Blob> write =
        threads.submit(
            () ->
                store()
                    .write(key("new"), Bodies.paused(bytes, halfway, go), Write.ANY, Calls.call()));
    assertTrue(halfway.await(60, TimeUnit.SECONDS));
    assertEquals(Optional.empty(), stat("new"));
    assertEquals(List.of(), list(folder));
    go.countDown();
    assertEquals(bytes.length, write.get(60, TimeUnit.SECONDS).size());
    assertArrayEquals(bytes, read("new"));
  }

  @Test
  final void theOldBlobIsSeenUntilTheNewOneIsWhole() throws Exception {
    write("k", "old");
    CountDownLatch halfway = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    byte[] bytes = filled('n', 1 << 20);
    Future<Blob> write =
        threads.submit(
            () -> store().write(key("k"), Bodies.paused(bytes, halfway, go), Write.ANY, call()));
    assertTrue(halfway.await(60, TimeUnit.SECONDS));
    assertArrayEquals(bytes("old"), read("k"));
    go.countDown();
    write.get(60, TimeUnit.SECONDS);
    assertArrayEquals(bytes, read("k"));
  }

  @Test
  final void readersNeverSeeAMixtureOfTwoWriters() throws Exception {
    int size = 300_000;
    store().write(key("k"), body(filled('0', size)), Write.sized(size), call());
    AtomicBoolean done = new AtomicBoolean();
    List<Future<?>> work = new ArrayList<>();
    for (char c : new char[] {'1', '2', '3'}) {
      work.add(
          threads.submit(
              () -> {
                for (int i = 0; i < 10; i++) {
                  store().write(key("k"), body(filled(c, size)), Write.sized(size), call());
                }
                return null;
              }));
    }
    Callable<Integer> reader =
        () -> {
          int reads = 0;
          do {
            byte[] seen = read("k");
            assertEquals(size, seen.length);
            assertArrayEquals(filled((char) seen[0], size), seen);
            reads++;
          } while (!done.get());
          return reads;
        };
    List<Future<Integer>> readers = List.of(threads.submit(reader), threads.submit(reader));
    try {
      for (Future<?> writer : work) {
        writer.get(120, TimeUnit.SECONDS);
      }
    } finally {
      done.set(true);
    }
    for (Future<Integer> each : readers) {
      assertTrue(each.get(60, TimeUnit.SECONDS) > 0);
    }
  }

  @Test
  final void aBodyThatBreaksOffLeavesNothing() throws Exception {
    write("old", "old");
    for (String name : List.of("old", "new")) {
      PluginException e =
          assertThrows(
              PluginException.class,
              () -> store().write(key(name), Bodies.broken(100_000), Write.ANY, call()));
      assertEquals(PluginException.Kind.UNAVAILABLE, e.kind());
    }
    assertArrayEquals(bytes("old"), read("old"));
    assertEquals(Optional.empty(), stat("new"));
    awaitListed(List.of("old"));
  }

  @Test
  final void aBodyOfAnotherLengthThanStatedIsNotStored() {
    for (long stated : new long[] {0, 4, 6, 1_000_000}) {
      PluginException e =
          assertThrows(
              PluginException.class,
              () -> store().write(key("k"), body(bytes("12345")), Write.sized(stated), call()),
              "stated " + stated);
      assertEquals(PluginException.Kind.INVALID, e.kind());
      assertEquals(Optional.empty(), assertNoThrow(() -> stat("k")));
    }
  }

  @Test
  final void aWriteThatCannotEndInItsTimeFailsAndLeavesNothing() throws Exception {
    Future<PluginException> write =
        threads.submit(
            () ->
                assertThrows(
                    PluginException.class,
                    () ->
                        store()
                            .write(
                                key("endless"),
                                Bodies.endless(),
                                Write.ANY,
                                Calls.within(Duration.ofSeconds(1)))));
    assertEquals(PluginException.Kind.UNAVAILABLE, write.get(20, TimeUnit.SECONDS).kind());
    assertEquals(Optional.empty(), stat("endless"));
  }

  @Test
  final void largeBlobsPassThroughInConstantMemory() throws Exception {
    AtomicLong before = new AtomicLong(retained());
    AtomicLong grown = new AtomicLong();
    AtomicBoolean looked = new AtomicBoolean();
    Blob blob =
        store()
            .write(
                key("large"),
                Bodies.counted(
                    LARGE,
                    position -> {
                      if (position > LARGE * 7 / 8 && looked.compareAndSet(false, true)) {
                        grown.set(retained() - before.get());
                      }
                    }),
                Write.sized(LARGE),
                Calls.within(Duration.ofMinutes(5)));
    assertEquals(LARGE, blob.size());
    assertTrue(grown.get() < RETAINED, "writing kept " + grown + " bytes");
    before.set(retained());
    try (InputStream in =
        store().read(key("large"), ByteRange.ALL, Calls.within(Duration.ofMinutes(5)))) {
      byte[] buffer = new byte[1 << 16];
      long position = 0;
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        for (int i = 0; i < n; i++) {
          if (buffer[i] != Bodies.byteAt(position + i)) {
            assertEquals(Bodies.byteAt(position + i), buffer[i], "byte " + (position + i));
          }
        }
        boolean late = position <= LARGE / 2 && position + n > LARGE / 2;
        position += n;
        if (late) {
          grown.set(retained() - before.get());
        }
      }
      assertEquals(LARGE, position);
    }
    assertTrue(grown.get() < RETAINED, "reading kept " + grown + " bytes");
  }

  @Test
  final void ofManyWritersIfAbsentOneWins() throws Exception {
    if (!declares(StoreFeature.WRITE_IF_ABSENT)) {
      PluginException e =
          assertThrows(
              PluginException.class,
              () -> store().write(key("k"), body(bytes("x")), Write.IF_ABSENT, call()));
      assertEquals(PluginException.Kind.UNSUPPORTED, e.kind());
      assertEquals(Optional.empty(), stat("k"));
      return;
    }
    for (int round = 0; round < 5; round++) {
      String name = "race-" + round;
      CountDownLatch start = new CountDownLatch(1);
      List<Future<Boolean>> writers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        byte[] bytes = filled((char) ('a' + i), 20_000);
        writers.add(
            threads.submit(
                () -> {
                  start.await();
                  try {
                    store().write(key(name), body(bytes), Write.IF_ABSENT, call());
                    return true;
                  } catch (PluginException e) {
                    assertEquals(PluginException.Kind.CONFLICT, e.kind());
                    return false;
                  }
                }));
      }
      start.countDown();
      int winner = -1;
      for (int i = 0; i < writers.size(); i++) {
        if (writers.get(i).get(60, TimeUnit.SECONDS)) {
          assertEquals(-1, winner, "two writers won");
          winner = i;
        }
      }
      assertTrue(winner >= 0, "nobody won");
      assertArrayEquals(filled((char) ('a' + winner), 20_000), read(name));
    }
  }

  @Test
  final void writingIfAbsentSucceedsAgainAfterDelete() throws Exception {
    if (declares(StoreFeature.WRITE_IF_ABSENT)) {
      store().write(key("k"), body(bytes("1")), Write.IF_ABSENT, call());
      store().delete(key("k"), call());
      store().write(key("k"), body(bytes("2")), Write.IF_ABSENT, call());
      assertArrayEquals(bytes("2"), read("k"));
    } else {
      assertFalse(store().features().contains(StoreFeature.WRITE_IF_ABSENT));
    }
  }
}
