package dev.millrace.worker.runtime;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Folders that user code may have its hands in, opened step by step from the run's own folder,
 * never through a link. What is above that is the operator's, who may well use links.
 */
public final class Handles {
  /** The run's own folder, the one that user code sees, and one in it. */
  private static final int STEPS = 3;

  private static final Set<OpenOption> MARK =
      Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);

  private Handles() {}

  /** Opens what user code sees as a folder; a link in the last three steps is an error. */
  public static SecureDirectoryStream<Path> open(Path folder) throws IOException {
    return open(folder, STEPS);
  }

  private static SecureDirectoryStream<Path> open(Path folder, int steps) throws IOException {
    int names = folder.getNameCount();
    int first = Math.max(0, names - steps);
    Path at = folder.getRoot();
    if (at == null) {
      throw new IOException("no absolute path: " + folder);
    }
    SecureDirectoryStream<Path> open =
        secure(first == 0 ? at : at.resolve(folder.subpath(0, first)));
    for (int i = first; i < names; i++) {
      try (SecureDirectoryStream<Path> above = open) {
        open = above.newDirectoryStream(folder.getName(i), LinkOption.NOFOLLOW_LINKS);
      }
    }
    return open;
  }

  /**
   * Leaves a new file of one line in a folder of a run, {@code run} being the run's own folder. One
   * that is there already is left as it is, whatever it is.
   */
  static void mark(Path run, Path file, String line) throws IOException {
    Path folder = file.getParent();
    Path name = file.getFileName();
    if (folder == null || name == null) {
      throw new IOException("no place for a mark: " + file);
    }
    int steps = 1 + folder.getNameCount() - run.getNameCount();
    try (SecureDirectoryStream<Path> open = open(folder, steps);
        var channel =
            open.newByteChannel(
                name,
                MARK,
                PosixFilePermissions.asFileAttribute(
                    PosixFilePermissions.fromString("rw-r--r--")))) {
      channel.write(StandardCharsets.UTF_8.encode(line + "\n"));
    } catch (FileAlreadyExistsException e) {
      // A stop may be ordered twice.
    }
  }

  @SuppressWarnings("StreamResourceLeak") // The caller closes what it gets.
  private static SecureDirectoryStream<Path> secure(Path folder) throws IOException {
    DirectoryStream<Path> stream = Files.newDirectoryStream(folder);
    if (stream instanceof SecureDirectoryStream<Path> secure) {
      return secure;
    }
    stream.close();
    throw new IOException("this system cannot open folders safely");
  }
}
