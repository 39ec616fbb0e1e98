package dev.millrace.worker.run;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.time.Duration;

/** How much the files below a folder take, as far as that is found in a short time. */
final class TreeSize {
  private static final int DEPTH = 64;

  private final long end;
  private long bytes;

  private TreeSize(Duration most) {
    this.end = System.nanoTime() + most.toNanos();
  }

  /** Bytes of the regular files that are found within that time; what vanishes does not count. */
  static long bytes(Path root, Duration most) {
    TreeSize size = new TreeSize(most);
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(root)) {
      if (stream instanceof SecureDirectoryStream<Path> top) {
        size.add(top, 1);
      }
    } catch (IOException | RuntimeException e) {
      // What cannot be read counts nothing.
    }
    return size.bytes;
  }

  private void add(SecureDirectoryStream<Path> folder, int depth) {
    for (Path child : folder) {
      if (System.nanoTime() - end > 0) {
        return;
      }
      Path name = child.getFileName();
      try {
        PosixFileAttributes attributes =
            folder
                .getFileAttributeView(name, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                .readAttributes();
        if (attributes.isRegularFile()) {
          bytes += attributes.size();
        } else if (attributes.isDirectory() && depth < DEPTH) {
          try (SecureDirectoryStream<Path> next =
              folder.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
            add(next, depth + 1);
          }
        }
      } catch (IOException | RuntimeException e) {
        // The same.
      }
    }
  }
}
