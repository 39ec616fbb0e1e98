package dev.millrace.worker.run;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Removes a folder whatever is in it: names that together are longer than any path, folders that
 * keep their owner out, more files than a memory holds. What lies deep is moved up first, so that a
 * few open folders are enough. No link is followed.
 */
final class TreeRemoval {
  private static final int DEPTH = 8;
  private static final Set<PosixFilePermission> OPEN = PosixFilePermissions.fromString("rwx------");

  private final SecureDirectoryStream<Path> top;
  private final String prefix = ".removed-" + UUID.randomUUID() + "-";
  private long moved;
  private long removed;
  private @Nullable IOException failure;

  private TreeRemoval(SecureDirectoryStream<Path> top) {
    this.top = top;
  }

  static void remove(Path root) throws IOException {
    if (!Files.isDirectory(root, LinkOption.NOFOLLOW_LINKS)) {
      Files.deleteIfExists(root);
      return;
    }
    while (true) {
      TreeRemoval pass;
      try (SecureDirectoryStream<Path> top = opened(root)) {
        pass = new TreeRemoval(top);
        pass.empty(top, root, 1);
      }
      if (pass.moved + pass.removed == 0) {
        if (pass.failure != null) {
          throw pass.failure;
        }
        Files.deleteIfExists(root);
        return;
      }
    }
  }

  @SuppressWarnings("StreamResourceLeak") // The caller closes what it gets.
  private static SecureDirectoryStream<Path> opened(Path root) throws IOException {
    DirectoryStream<Path> stream;
    try {
      stream = Files.newDirectoryStream(root);
    } catch (AccessDeniedException e) {
      Files.setPosixFilePermissions(root, OPEN);
      stream = Files.newDirectoryStream(root);
    }
    if (stream instanceof SecureDirectoryStream<Path> secure) {
      unlock(secure);
      return secure;
    }
    stream.close();
    throw new IOException("this system cannot open folders safely");
  }

  /** Removes what is in a folder as it is found, so that nothing of it is held. */
  private void empty(SecureDirectoryStream<Path> folder, Path path, int depth) {
    for (Path child : folder) {
      Path name = child.getFileName();
      try {
        PosixFileAttributes attributes = view(folder, name).readAttributes();
        if (!attributes.isDirectory()) {
          folder.deleteFile(name);
          removed++;
        } else if (depth < DEPTH) {
          below(folder, path.resolve(name.toString()), depth);
        } else {
          folder.move(name, top, Path.of(prefix + moved));
          moved++;
        }
      } catch (NoSuchFileException e) {
        // Gone already.
      } catch (IOException e) {
        failure = failure == null ? e : failure;
      }
    }
  }

  private void below(SecureDirectoryStream<Path> folder, Path path, int depth) throws IOException {
    Path name = path.getFileName();
    try (SecureDirectoryStream<Path> next = open(folder, path)) {
      unlock(next);
      empty(next, path, depth + 1);
    }
    folder.deleteDirectory(name);
    removed++;
  }

  private static SecureDirectoryStream<Path> open(SecureDirectoryStream<Path> folder, Path path)
      throws IOException {
    Path name = path.getFileName();
    try {
      return folder.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS);
    } catch (AccessDeniedException e) {
      // A folder that is not the worker's own stays shut; one that is, opens by its path, which is
      // short here. Nobody else works in it any more.
      Files.setPosixFilePermissions(path, OPEN);
      return folder.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS);
    }
  }

  /** What cannot be written in cannot be emptied. */
  private static void unlock(SecureDirectoryStream<Path> folder) {
    PosixFileAttributeView view = folder.getFileAttributeView(PosixFileAttributeView.class);
    try {
      if (!view.readAttributes().permissions().containsAll(OPEN)) {
        view.setPermissions(OPEN);
      }
    } catch (IOException e) {
      // Somebody else's: what cannot be removed is told by its removal.
    }
  }

  private static PosixFileAttributeView view(SecureDirectoryStream<Path> folder, Path name) {
    return folder.getFileAttributeView(
        name, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
  }
}
