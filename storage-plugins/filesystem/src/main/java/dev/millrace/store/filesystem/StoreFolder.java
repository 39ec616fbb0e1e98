package dev.millrace.store.filesystem;

import dev.millrace.spi.storage.BlobKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder of a store: {@code blobs/}, the files being written in {@code parts/}, and a marker
 * that tells a store from any other folder.
 */
final class StoreFolder {
  private static final Logger LOG = LoggerFactory.getLogger(StoreFolder.class);
  private static final String MARKER = "millrace-store.txt";
  private static final Duration PART_LIFE = Duration.ofDays(1);

  private final Path blobs;
  private final Path parts;

  private StoreFolder(Path folder) {
    this.blobs = folder.resolve("blobs");
    this.parts = folder.resolve("parts");
  }

  /** Opens the folder, or makes it; throws IOException that says what the operator must change. */
  static StoreFolder open(String text) throws IOException {
    Path given;
    try {
      given = Path.of(text);
    } catch (InvalidPathException e) {
      throw new IOException("folder: not a path: " + text, e);
    }
    if (text.isBlank() || !given.isAbsolute()) {
      throw new IOException("folder: give an absolute path, not \"" + text + "\"");
    }
    if (!Files.exists(given)) {
      Files.createDirectories(
          given,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    Path folder = given.toRealPath();
    checkMarker(folder);
    StoreFolder store = new StoreFolder(folder);
    for (Path inner : new Path[] {store.blobs, store.parts}) {
      if (!Files.isDirectory(inner, LinkOption.NOFOLLOW_LINKS)) {
        Files.createDirectory(inner);
      }
    }
    store.dropOldParts();
    return store;
  }

  private static void checkMarker(Path folder) throws IOException {
    Path marker = folder.resolve(MARKER);
    if (Files.isRegularFile(marker, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> entries = Files.list(folder)) {
      if (entries.anyMatch(entry -> !entry.equals(marker))) {
        throw new IOException(
            "folder: "
                + folder
                + " has other files in it and no "
                + MARKER
                + "; name an empty folder, or put that file back if this is a store");
      }
    }
    try {
      Files.writeString(
          marker,
          "Millrace artifact store, format 1\n" + UUID.randomUUID() + "\n",
          StandardOpenOption.CREATE_NEW,
          StandardOpenOption.WRITE);
    } catch (FileAlreadyExistsException e) {
      LOG.debug("event=store-marker-made-by-another-master folder={}", folder, e);
    }
  }

  URI uri() {
    String uri = blobs.toUri().toString();
    return URI.create(uri.endsWith("/") ? uri : uri + "/");
  }

  Path blobs() {
    return blobs;
  }

  /** Where a blob is or would be. */
  Path path(BlobKey key) {
    Path path = blobs;
    for (String segment : key.value().split("/", -1)) {
      for (String name : BlobNames.encode(segment)) {
        path = path.resolve(name);
      }
    }
    return path;
  }

  /** A file for the bytes of a blob that is being written. */
  Path newPart(String name) {
    return parts.resolve(name);
  }

  /** Whether the path's folder is there and no link leads out of it. */
  boolean isInside(Path path) throws IOException {
    Path parent = parent(path);
    try {
      return parent.toRealPath().equals(parent);
    } catch (NoSuchFileException e) {
      return false;
    } catch (IOException e) {
      if (FileErrors.isNotDirectory(e)) {
        return false;
      }
      throw e;
    }
  }

  /** Makes the folders above a path; none of them may be a link. */
  void makeParents(Path path) throws IOException {
    Path parent = parent(path);
    if (!Files.isDirectory(parent, LinkOption.NOFOLLOW_LINKS)) {
      if (!parent.equals(blobs)) {
        makeParents(parent);
      }
      try {
        Files.createDirectory(parent);
        force(parent(parent));
      } catch (FileAlreadyExistsException e) {
        if (!Files.isDirectory(parent, LinkOption.NOFOLLOW_LINKS)) {
          throw e;
        }
      }
    }
    if (!parent.toRealPath().equals(parent)) {
      throw new IOException("a folder of " + blobs + " is a link that leads out of it");
    }
  }

  /** Whether one of the folders above a path is a file. */
  boolean blobAbove(Path path) {
    for (Path above = parent(path); !above.equals(blobs); above = parent(above)) {
      if (Files.isRegularFile(above, LinkOption.NOFOLLOW_LINKS)) {
        return true;
      }
    }
    return false;
  }

  /** Removes a folder that holds no files; false if it holds some. */
  boolean dropEmpty(Path directory) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        if (!Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS) || !dropEmpty(entry)) {
          return false;
        }
      }
    } catch (NoSuchFileException e) {
      return true;
    }
    try {
      Files.deleteIfExists(directory);
      return true;
    } catch (DirectoryNotEmptyException e) {
      return false;
    }
  }

  /** Removes the folders above a path as far as they are empty. */
  void dropEmptyParents(Path path) throws IOException {
    for (Path above = parent(path); !above.equals(blobs); above = parent(above)) {
      try {
        Files.deleteIfExists(above);
      } catch (DirectoryNotEmptyException e) {
        force(above);
        return;
      }
    }
    force(blobs);
  }

  /** Makes a new name in a folder outlive a loss of power. */
  void forceParents(Path path) throws IOException {
    force(parent(path));
  }

  /** Removes the file of a write that is over; its failure is not the write's. */
  void drop(Path part) {
    try {
      Files.deleteIfExists(part);
    } catch (IOException e) {
      LOG.warn("event=part-left path={} reason={}", part, e.toString());
    }
  }

  /** Whether the file system has hard links. */
  boolean canLink() throws IOException {
    Path from = newPart(UUID.randomUUID().toString());
    Path to = newPart(UUID.randomUUID().toString());
    Files.createFile(from);
    try {
      Files.createLink(to, from);
      return true;
    } catch (IOException | UnsupportedOperationException e) {
      LOG.warn("event=no-hard-links folder={} reason={}", parts, e.toString());
      return false;
    } finally {
      drop(from);
      drop(to);
    }
  }

  /** Removes what a master that died left half written; another master's writes are younger. */
  private void dropOldParts() throws IOException {
    Instant before = Instant.now().minus(PART_LIFE);
    try (Stream<Path> files = Files.list(parts)) {
      files.filter(part -> isOlder(part, before)).forEach(this::drop);
    } catch (UncheckedIOException e) {
      throw new IOException("could not look through " + parts, e);
    }
  }

  private static boolean isOlder(Path part, Instant before) {
    try {
      return Files.getLastModifiedTime(part, LinkOption.NOFOLLOW_LINKS)
          .toInstant()
          .isBefore(before);
    } catch (IOException e) {
      return false;
    }
  }

  private static void force(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (NoSuchFileException e) {
      // A delete has removed the folder, and with it the need.
      LOG.trace("event=folder-gone path={}", directory, e);
    }
  }

  private static Path parent(Path path) {
    Path parent = path.getParent();
    if (parent == null) {
      throw new IllegalStateException("no folder above " + path);
    }
    return parent;
  }
}
