package dev.millrace.spi.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.spi.common.CallContext;
import dev.millrace.spi.common.Page;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.storage.ArtifactStore;
import dev.millrace.spi.storage.Blob;
import dev.millrace.spi.storage.BlobKey;
import dev.millrace.spi.storage.ByteRange;
import dev.millrace.spi.storage.StoreFeature;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What every artifact store must do. The tests are final: a store may decline a feature, never a
 * test. They write below {@code tck/} only and remove what they wrote.
 */
public abstract class ArtifactStoreContract {
  private static final long LARGE = 64L << 20;
  private static final long RETAINED = 32L << 20;

  private final String folder = "tck/" + UUID.randomUUID() + "/";
  private final ExecutorService threads = Executors.newFixedThreadPool(8);

  /** The store under test: the same blobs at every call of one test. */
  protected abstract ArtifactStore store();

  @AfterEach
  final void removeWhatWasWritten() throws Exception {
    threads.shutdownNow();
    assertTrue(threads.awaitTermination(60, TimeUnit.SECONDS));
    for (Blob blob : list(folder)) {
      store().delete(blob.key(), Calls.call());
    }
  }

  // Writing

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

  // Features, declared and not

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

  @Test
  final void featuresAndRootStayTheSame() {
    assertEquals(store().features(), store().features());
    URI root = store().root();
    assertEquals(root, store().root());
    assertTrue(root.isAbsolute(), root + " has no scheme");
    assertTrue(root.toString().endsWith("/"), root + " does not end in a slash");
  }

  @Test
  final void aRoleNobodyKnowsIsNotPlayed() {
    interface Unheard {}
    assertEquals(Optional.empty(), store().role(Unheard.class));
  }

  // Reading

  @Test
  final void rangesAreExact() throws Exception {
    write("digits", "0123456789");
    assertArrayEquals(bytes("0123456789"), read("digits", ByteRange.from(0)));
    assertArrayEquals(bytes("789"), read("digits", ByteRange.from(7)));
    assertArrayEquals(bytes("0"), read("digits", ByteRange.of(0, 1)));
    assertArrayEquals(bytes("345"), read("digits", ByteRange.of(3, 3)));
    assertArrayEquals(bytes("9"), read("digits", ByteRange.of(9, 1)));
    assertArrayEquals(bytes("89"), read("digits", ByteRange.of(8, 1_000_000)));
    assertArrayEquals(bytes("9"), read("digits", ByteRange.of(9, Long.MAX_VALUE)));
    for (long from : new long[] {10, 11, Long.MAX_VALUE}) {
      PluginException e =
          assertThrows(PluginException.class, () -> read("digits", ByteRange.from(from)));
      assertEquals(PluginException.Kind.INVALID, e.kind());
    }
  }

  @Test
  final void whatIsNotThereIsSaidToBeNotThere() throws Exception {
    write("folder/blob", "x");
    for (String name : List.of("nothing", "folder", "folder/blob/below", "nothing/below")) {
      assertEquals(Optional.empty(), stat(name), name);
      PluginException e = assertThrows(PluginException.class, () -> read(name), name);
      assertEquals(PluginException.Kind.NOT_FOUND, e.kind());
    }
  }

  @Test
  final void anOpenStreamDoesNotMixTwoVersions() throws Exception {
    int size = 4 << 20;
    store().write(key("k"), body(filled('1', size)), Write.sized(size), call());
    try (InputStream in = store().read(key("k"), ByteRange.ALL, call())) {
      assertEquals('1', in.read());
      store().write(key("k"), body(filled('2', size)), Write.sized(size), call());
      try {
        byte[] rest = in.readAllBytes();
        assertArrayEquals(filled('1', size - 1), rest);
      } catch (IOException e) {
        assertArrayEquals(filled('2', size), read("k"), "a stream may fail, not mix");
      }
    }
  }

  // Deleting

  @Test
  final void deletingNothingIsNoError() throws Exception {
    write("folder/blob", "x");
    for (String name : List.of("nothing", "nothing/below", "folder", "folder/blob/below")) {
      store().delete(key(name), call());
    }
    assertArrayEquals(bytes("x"), read("folder/blob"));
    store().delete(key("folder/blob"), call());
    store().delete(key("folder/blob"), call());
    assertEquals(Optional.empty(), stat("folder/blob"));
    awaitListed(List.of());
  }

  @Test
  final void aKeyMayBecomeAFolderOnceItsBlobIsGone() throws Exception {
    write("k", "blob");
    store().delete(key("k"), call());
    write("k/below", "folder");
    store().delete(key("k/below"), call());
    write("k", "blob again");
    assertArrayEquals(bytes("blob again"), read("k"));
  }

  @Test
  final void aBlobBelowABlobIsKeptOrRefusedWithoutHarm() throws Exception {
    write("k", "above");
    write("f/below", "below");
    for (String name : List.of("k/below", "f")) {
      try {
        write(name, "second");
        assertArrayEquals(bytes("second"), read(name));
      } catch (PluginException e) {
        assertEquals(PluginException.Kind.CONFLICT, e.kind());
        assertEquals(Optional.empty(), stat(name));
      }
    }
    assertArrayEquals(bytes("above"), read("k"));
    assertArrayEquals(bytes("below"), read("f/below"));
  }

  @Test
  final void writersAndDeletersOfOneFolderDoNotHinderEachOther() throws Exception {
    List<Future<?>> work = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      String name = "deep/er/" + t;
      work.add(
          threads.submit(
              () -> {
                for (int i = 0; i < 25; i++) {
                  write(name, "x" + i);
                  assertArrayEquals(bytes("x" + i), read(name));
                  store().delete(key(name), call());
                }
                return null;
              }));
    }
    for (Future<?> each : work) {
      each.get(120, TimeUnit.SECONDS);
    }
    awaitListed(List.of());
  }

  // Keys

  @Test
  final void awkwardKeysAreOnlyNames() throws Exception {
    List<String> names =
        List.of(
            "case",
            "Case",
            "CASE",
            "\u00e9",
            "e\u0301",
            "世界/λ/𝄞",
            "😀".repeat(60),
            "字".repeat(85),
            "a".repeat(255),
            " lead",
            "trail ",
            "dot.",
            "...",
            "..x",
            "x..",
            ".hidden",
            "~",
            "a~",
            "a~b",
            "%",
            "%2e%2e",
            "%2e%2e/x",
            "%2F",
            "%25",
            "..\\up",
            "a\\b",
            "C:",
            "con",
            "nul.txt",
            "a?b#c&d=e+f",
            "*",
            "\"quoted\" 'x'",
            "<x>|y",
            "$HOME",
            "`id`",
            ";",
            "-rf",
            "--",
            "tmp",
            "a=",
            "a==",
            "{x}",
            "[x]",
            "@",
            "!",
            "\u2028",
            "\ufeff",
            "\uffff");
    for (String name : names) {
      write(name, "of " + name);
    }
    for (String name : names) {
      assertArrayEquals(bytes("of " + name), read(name), name);
      assertEquals(key(name), stat(name).orElseThrow().key());
    }
    awaitListed(names);
    for (String name : names) {
      store().delete(key(name), call());
    }
    awaitListed(List.of());
  }

  // Listing

  @Test
  final void aPrefixIsCharactersAndTheOrderIsThatOfTheKeys() throws Exception {
    List<String> names =
        List.of(
            "a", "ab-c", "ab/c", "ab0", "abc", "b/1", "b/10", "b/2", "B", "\uff5e", "𝄞", "ä",
            "c/x/y/z", "c-x", "c.x");
    for (String name : names) {
      write(name, "x");
    }
    awaitListed(names);
    assertEquals(sorted(List.of("ab-c", "ab/c", "ab0", "abc")), names(list(folder + "ab")));
    assertEquals(List.of("ab/c"), names(list(folder + "ab/")));
    assertEquals(sorted(List.of("b/1", "b/10")), names(list(folder + "b/1")));
    assertEquals(List.of("𝄞"), names(list(folder + "𝄞")));
    assertEquals(List.of("c/x/y/z"), names(list(folder + "c/x/y/")));
    for (String nothing : List.of("zzz", "a/", "ab/c/", "../", "b/1/")) {
      assertEquals(List.of(), list(folder + nothing), nothing);
    }
    assertTrue(list("").size() >= names.size());
  }

  @Test
  final void pagesGiveEachBlobOnceInOrder() throws Exception {
    int count = 1_100;
    List<Future<?>> writes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String name = "d" + i % 7 + "/n" + i;
      writes.add(
          threads.submit(
              () -> {
                write(name, name);
                return null;
              }));
    }
    for (Future<?> write : writes) {
      write.get(120, TimeUnit.SECONDS);
    }
    if (!declares(StoreFeature.STRONG_LISTING)) {
      Await.until("all blobs are listed", () -> list(folder).size() == count);
    }
    List<Blob> all = list(folder);
    assertEquals(count, all.size());
    assertEquals(count, new HashSet<>(names(all)).size());
    assertEquals(sorted(names(all)), names(all));
    for (Blob blob : all.subList(0, 20)) {
      assertEquals(Optional.of(blob), store().stat(blob.key(), call()));
    }
    Page<Blob> first = store().list(folder, Page.Cursor.START, call());
    assertTrue(first.items().size() <= 1_000, "a page of " + first.items().size());
    store().delete(first.items().get(first.items().size() - 1).key(), call());
    Page<Blob> second = store().list(folder, first.next().orElseThrow(), call());
    assertEquals(
        all.get(first.items().size()), second.items().get(0), "a cursor outlives its blob");
  }

  // Shorthand

  private boolean declares(StoreFeature feature) {
    return store().features().contains(feature);
  }

  private BlobKey key(String name) {
    return new BlobKey(folder + name);
  }

  private static CallContext call() {
    return Calls.call();
  }

  private void write(String name, String text) throws PluginException {
    byte[] bytes = bytes(text);
    store().write(key(name), body(bytes), Write.sized(bytes.length), call());
  }

  private byte[] read(String name) throws PluginException, IOException {
    return read(name, ByteRange.ALL);
  }

  private byte[] read(String name, ByteRange range) throws PluginException, IOException {
    try (InputStream in = store().read(key(name), range, call())) {
      return in.readAllBytes();
    }
  }

  private Optional<Blob> stat(String name) throws PluginException {
    return store().stat(key(name), call());
  }

  private List<Blob> list(String prefix) throws PluginException {
    List<Blob> all = new ArrayList<>();
    Optional<Page.Cursor> from = Optional.of(Page.Cursor.START);
    while (from.isPresent()) {
      Page<Blob> page = store().list(prefix, from.get(), call());
      all.addAll(page.items());
      from = page.next();
    }
    return all;
  }

  private void awaitListed(List<String> names) throws Exception {
    if (!declares(StoreFeature.STRONG_LISTING)) {
      Await.until("listed: " + names, () -> names(list(folder)).equals(sorted(names)));
    }
    assertEquals(sorted(names), names(list(folder)));
  }

  private List<String> names(List<Blob> blobs) {
    return blobs.stream().map(blob -> blob.key().value().substring(folder.length())).toList();
  }

  private static List<String> sorted(List<String> names) {
    return names.stream().map(BlobKey::new).sorted().map(BlobKey::value).toList();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] filled(char with, int size) {
    byte[] bytes = new byte[size];
    Arrays.fill(bytes, (byte) with);
    return bytes;
  }

  private static InputStream body(byte[] bytes) {
    return new ByteArrayInputStream(bytes);
  }

  private static <T> T assertNoThrow(Callable<T> callable) {
    return assertDoesNotThrow(callable::call);
  }

  private static long retained() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }
}
