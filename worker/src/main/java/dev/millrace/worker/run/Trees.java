package dev.millrace.worker.run;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Changes whole folders, never through a link. */
public final class Trees {
  private Trees() {}

  /** Removes a folder and all in it; what is gone already is no error. */
  public static void delete(Path root) throws IOException {
    if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes a) {
            try {
              Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
            } catch (IOException e) {
              // Somebody else's: what cannot be removed is reported by the removal.
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes a) throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            if (e instanceof AccessDeniedException && !Files.isSymbolicLink(file)) {
              // A folder that user code locked; now that it has been found, open it and go on.
              Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
              delete(file);
              return FileVisitResult.CONTINUE;
            }
            throw e;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e)
              throws IOException {
            Files.deleteIfExists(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /** Bytes of the regular files below a folder; what vanishes meanwhile does not count. */
  static long bytes(Path root) {
    long[] sum = {0};
    walk(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes a) {
            sum[0] += a.isRegularFile() ? a.size() : 0;
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) {
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e) {
            return FileVisitResult.CONTINUE;
          }
        });
    return sum[0];
  }

  private static void walk(Path root, SimpleFileVisitor<Path> visitor) {
    try {
      Files.walkFileTree(root, visitor);
    } catch (IOException e) {
      // The visitors given take each failure themselves.
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** Gives a folder and all in it to a user. */
  static void own(Path root, int uid) throws IOException {
    each(root, path -> chown(path, uid));
  }

  /** Gives one file to a user. */
  static void chown(Path path, int uid) throws IOException {
    for (Map.Entry<String, Integer> one : Map.of("unix:uid", uid, "unix:gid", uid).entrySet()) {
      Files.setAttribute(path, one.getKey(), one.getValue(), LinkOption.NOFOLLOW_LINKS);
    }
  }

  private interface Change {
    void apply(Path path) throws IOException;
  }

  private static void each(Path root, Change change) throws IOException {
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes a)
              throws IOException {
            change.apply(folder);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes a) throws IOException {
            change.apply(file);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
