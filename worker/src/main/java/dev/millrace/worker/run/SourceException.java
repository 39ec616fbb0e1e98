package dev.millrace.worker.run;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import org.jspecify.annotations.Nullable;

/** A file of the run that cannot be read as it was found: gone, changed or closed to the worker. */
final class SourceException extends IOException {
  private static final long serialVersionUID = 1L;

  private final boolean gone;

  private SourceException(String message, boolean gone, @Nullable IOException cause) {
    super(message, cause);
    this.gone = gone;
  }

  /** The file is not what it was when it was found. */
  static SourceException changed() {
    return new SourceException(
        "it changed while it was read. Write it whole before it is made read-only.", false, null);
  }

  static SourceException of(IOException e) {
    if (e instanceof SourceException known) {
      return known;
    }
    if (e instanceof NoSuchFileException || e instanceof NotDirectoryException) {
      return new SourceException("it is not there any more.", true, e);
    }
    if (e instanceof AccessDeniedException) {
      return new SourceException(
          "its mode keeps the worker from reading it. Leave it readable.", false, e);
    }
    return new SourceException("it cannot be read: " + e.getMessage(), false, e);
  }

  /** Whether the file has been removed. */
  boolean gone() {
    return gone;
  }
}
