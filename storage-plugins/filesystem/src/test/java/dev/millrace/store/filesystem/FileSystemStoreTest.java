package dev.millrace.store.filesystem;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.spi.common.Page;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.storage.ArtifactStore;
import dev.millrace.spi.storage.BlobKey;
import dev.millrace.spi.storage.ByteRange;
import dev.millrace.spi.storage.SignedTransfers;
import dev.millrace.spi.storage.WriteOptions;
import dev.millrace.spi.tck.ArtifactStoreContract;
import dev.millrace.spi.tck.Calls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSystemStoreTest extends ArtifactStoreContract {
  private record Plain(OptionalLong size, Optional<String> contentType, boolean ifAbsent)
      implements WriteOptions {}

  @TempDir Path folder;
  private ArtifactStore store;

  @BeforeEach
  void openTheStore() throws IOException {
    store = new FileSystemStore(folder.resolve("store").toString());
  }

  @Override
  protected ArtifactStore store() {
    return store;
  }

  @Test
  void aLinkOutOfTheFolderIsNotFollowed() throws Exception {
    Path outside = Files.createDirectory(folder.resolve("outside"));
    Files.writeString(outside.resolve("secret"), "canary");
    Path blobs = folder.resolve("store/blobs");
    Files.createSymbolicLink(blobs.resolve("dir"), outside);
    Files.createSymbolicLink(blobs.resolve("file"), outside.resolve("secret"));
    for (String name : List.of("dir/secret", "file", "dir")) {
      BlobKey key = new BlobKey(name);
      assertEquals(Optional.empty(), store.stat(key, Calls.call()), name);
      assertThrows(PluginException.class, () -> store.read(key, ByteRange.ALL, Calls.call()), name);
      store.delete(key, Calls.call());
    }
    assertThrows(PluginException.class, () -> write("dir/new", "x"));
    assertEquals(List.of(), store.list("", Page.Cursor.START, Calls.call()).items());
    write("file", "own");
    try (Stream<Path> left = Files.list(outside)) {
      assertEquals(List.of(outside.resolve("secret")), left.toList());
    }
    assertEquals("canary", Files.readString(outside.resolve("secret")));
    assertFalse(Files.isSymbolicLink(blobs.resolve("file")));
  }

  @Test
  void nothingIsLeftBesideTheBlobs() throws Exception {
    write("a/b", "x");
    store.delete(new BlobKey("a/b"), Calls.call());
    for (String inner : List.of("blobs", "parts")) {
      try (Stream<Path> left = Files.list(folder.resolve("store").resolve(inner))) {
        assertEquals(List.of(), left.toList(), inner);
      }
    }
  }

  @Test
  void blobsOutliveTheStoreObjectAndOldPartsDoNot() throws Exception {
    write("k", "kept");
    Path parts = folder.resolve("store/parts");
    Path old = Files.writeString(parts.resolve("old"), "half");
    Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofHours(25))));
    Path young = Files.writeString(parts.resolve("young"), "half");
    ArtifactStore again = new FileSystemStore(folder.resolve("store").toString());
    try (var in = again.read(new BlobKey("k"), ByteRange.ALL, Calls.call())) {
      assertArrayEquals("kept".getBytes(StandardCharsets.UTF_8), in.readAllBytes());
    }
    assertFalse(Files.exists(old));
    assertTrue(Files.exists(young));
    assertEquals(store.root(), again.root());
  }

  @Test
  void aFolderThatIsNoStoreIsRefused() throws Exception {
    Path other = Files.createDirectory(folder.resolve("other"));
    Files.writeString(other.resolve("somebody's"), "x");
    IOException e = assertThrows(IOException.class, () -> new FileSystemStore(other.toString()));
    assertTrue(e.getMessage().contains("name an empty folder"), e.getMessage());
    for (String bad : List.of("", "relative/path", "nul\0")) {
      e = assertThrows(IOException.class, () -> new FileSystemStore(bad));
      assertTrue(e.getMessage().startsWith("folder: "), e.getMessage());
    }
    Path gone = folder.resolve("store/millrace-store.txt");
    write("k", "x");
    Files.delete(gone);
    assertThrows(IOException.class, () -> new FileSystemStore(folder.resolve("store").toString()));
  }

  @Test
  void workersMoveBytesThroughTheRelay() {
    assertEquals(Optional.empty(), store.role(SignedTransfers.class));
    assertEquals("file", store.root().getScheme());
  }

  @Test
  void namesComeBackFromTheDiskAsTheyWere() {
    for (String name :
        List.of("a", "ü", "%", "a%2Fb", "字".repeat(85), "x".repeat(255), "😀 \\:*")) {
      List<String> names = BlobNames.encode(name);
      assertTrue(names.stream().allMatch(n -> n.matches("[ -~]{1,255}") && !n.contains("/")));
      assertEquals(Optional.of(name), BlobNames.decode(names));
    }
    for (String foreign : List.of("%e4", "%C3", "%zz", "%", "a%", "%41", "ü")) {
      assertEquals(Optional.empty(), BlobNames.decode(List.of(foreign)), foreign);
    }
  }

  private void write(String key, String text) throws PluginException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    store.write(
        new BlobKey(key),
        new ByteArrayInputStream(bytes),
        new Plain(OptionalLong.of(bytes.length), Optional.empty(), false),
        Calls.call());
  }
}
