package dev.millrace.worker.run;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Folders that are on their way out. Removing one may take long and may fail; meanwhile nobody
 * takes it for a run.
 */
public final class Trash {
  private static final Logger LOG = LoggerFactory.getLogger(Trash.class);
  private static final Duration AGAIN = Duration.ofMinutes(1);

  private final Path folder;
  private final Object change = new Object();
  private boolean wanted;
  private volatile @Nullable String trouble;

  public Trash(Path folder) {
    this.folder = folder;
  }

  /** Starts the loop that removes what is here, also what an earlier worker left. */
  public void start() {
    Essential.start("trash", this::loop);
  }

  /** Takes a folder; it is gone from its place when this returns. */
  public void take(Path root) throws IOException {
    Files.createDirectories(folder);
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    Path place = folder.resolve(root.getFileName() + "-" + UUID.randomUUID());
    try {
      Files.move(root, place, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      // Another disk, or no space for a name: it goes where it is.
      LOG.debug("folder is removed in its place folder={} error={}", root, e.toString());
      Trees.delete(root);
      return;
    }
    synchronized (change) {
      wanted = true;
      change.notifyAll();
    }
  }

  /** Why something cannot be removed, in words for an operator, or null. */
  public @Nullable String trouble() {
    return trouble;
  }

  private void loop() {
    while (true) {
      empty();
      synchronized (change) {
        try {
          if (!wanted) {
            change.wait(AGAIN.toMillis());
          }
          wanted = false;
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return;
        }
      }
    }
  }

  /** Removes what can be removed; what cannot is told and tried again. */
  public void empty() {
    long left = 0;
    String first = null;
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
        for (Path one : all) {
          try {
            Trees.delete(one);
          } catch (IOException e) {
            left++;
            first = first == null ? one + " (" + e.getMessage() + ")" : first;
          }
        }
      } catch (IOException | RuntimeException e) {
        left++;
        first = folder + " (" + e.getMessage() + ")";
      }
    }
    String words =
        first == null
            ? null
            : "What runs left cannot be removed: "
                + first
                + (left > 1 ? " and " + (left - 1) + " more" : "")
                + ". Remove it by hand.";
    if (words != null && !words.equals(trouble)) {
      LOG.error("folders cannot be removed, it is tried again every minute: {}", words);
    }
    trouble = words;
  }
}
