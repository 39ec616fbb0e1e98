package dev.millrace.spi.tck;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
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
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;

/** One test's own corner of a store, and shorthand for looking at it. */
abstract class StoreCase {
  final String folder = "tck/" + UUID.randomUUID() + "/";
  final ExecutorService threads = Executors.newFixedThreadPool(8);

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

  final boolean declares(StoreFeature feature) {
    return store().features().contains(feature);
  }

  final BlobKey key(String name) {
    return new BlobKey(folder + name);
  }

  static CallContext call() {
    return Calls.call();
  }

  final void write(String name, String text) throws PluginException {
    byte[] bytes = bytes(text);
    store().write(key(name), body(bytes), Write.sized(bytes.length), call());
  }

  final byte[] read(String name) throws PluginException, IOException {
    return read(name, ByteRange.ALL);
  }

  final byte[] read(String name, ByteRange range) throws PluginException, IOException {
    try (InputStream in = store().read(key(name), range, call())) {
      return in.readAllBytes();
    }
  }

  final Optional<Blob> stat(String name) throws PluginException {
    return store().stat(key(name), call());
  }

  final List<Blob> list(String prefix) throws PluginException {
    List<Blob> all = new ArrayList<>();
    Optional<Page.Cursor> from = Optional.of(Page.Cursor.START);
    while (from.isPresent()) {
      Page<Blob> page = store().list(prefix, from.get(), call());
      all.addAll(page.items());
      from = page.next();
    }
    return all;
  }

  final void awaitListed(List<String> names) throws Exception {
    if (!declares(StoreFeature.STRONG_LISTING)) {
      Await.until("listed: " + names, () -> names(list(folder)).equals(sorted(names)));
    }
    assertEquals(sorted(names), names(list(folder)));
  }

  final List<String> names(List<Blob> blobs) {
    return blobs.stream().map(blob -> blob.key().value().substring(folder.length())).toList();
  }

  static List<String> sorted(List<String> names) {
    return names.stream().map(BlobKey::new).sorted().map(BlobKey::value).toList();
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static byte[] filled(char with, int size) {
    byte[] bytes = new byte[size];
    Arrays.fill(bytes, (byte) with);
    return bytes;
  }

  static InputStream body(byte[] bytes) {
    return new ByteArrayInputStream(bytes);
  }

  static <T> T assertNoThrow(Callable<T> callable) {
    return assertDoesNotThrow(callable::call);
  }

  static long retained() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }
}
