package dev.millrace.store.filesystem;

import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.common.PluginException.Kind;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;

/** The only reader of the file system's errors. */
final class FileErrors {
  private FileErrors() {}

  static PluginException translate(String what, IOException e) {
    String why = reason(e);
    String message = "could not " + what + ": " + why;
    if (e instanceof AccessDeniedException || why.contains("Read-only file system")) {
      return new PluginException(
          Kind.DENIED, message + "; the folder must be writable for the user of the master", e);
    }
    if (why.contains("No space left") || why.contains("quota exceeded")) {
      return new PluginException(Kind.EXHAUSTED, message, e);
    }
    return new PluginException(Kind.UNAVAILABLE, message, e);
  }

  /** Whether a part of the path is a file where a folder should be. */
  static boolean isNotDirectory(IOException e) {
    return reason(e).contains("Not a directory");
  }

  private static String reason(IOException e) {
    if (e instanceof FileSystemException file && file.getReason() != null) {
      return file.getReason();
    }
    return e instanceof AccessDeniedException
        ? "access denied"
        : e.getClass().getSimpleName() + (e.getMessage() == null ? "" : " " + e.getMessage());
  }
}
