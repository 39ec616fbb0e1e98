package dev.millrace.worker.run;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Lets a worker that is not root into files and folders of its own user whose mode keeps it out.
 * Only once no process of the run is left to swap a name.
 */
final class OwnerAccess {
  private static final Path OWN = Path.of("/proc/self/fd");

  private OwnerAccess() {}

  /** Gives the owner the right to read; false where the worker is not the owner. */
  static boolean letIn(SecureDirectoryStream<Path> folder, Path name) throws IOException {
    Path handle = handle(folder);
    if (handle == null) {
      return false;
    }
    PosixFileAttributes found =
        folder
            .getFileAttributeView(name, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
            .readAttributes();
    if (!found.isRegularFile() && !found.isDirectory()) {
      return false;
    }
    Set<PosixFilePermission> mode = EnumSet.of(PosixFilePermission.OWNER_READ);
    mode.addAll(found.permissions());
    if (found.isDirectory()) {
      mode.add(PosixFilePermission.OWNER_EXECUTE);
    }
    if (mode.equals(found.permissions())) {
      return false;
    }
    try {
      Files.setPosixFilePermissions(handle.resolve(name), mode);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** The opened folder as a path that no renaming can lead elsewhere. */
  private static @Nullable Path handle(SecureDirectoryStream<Path> folder) throws IOException {
    Object key =
        folder.getFileAttributeView(BasicFileAttributeView.class).readAttributes().fileKey();
    try (DirectoryStream<Path> open = Files.newDirectoryStream(OWN)) {
      for (Path one : open) {
        try {
          BasicFileAttributes attributes = Files.readAttributes(one, BasicFileAttributes.class);
          if (attributes.isDirectory() && key.equals(attributes.fileKey())) {
            return one;
          }
        } catch (IOException e) {
          // Closed meanwhile.
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return null;
  }
}
