package dev.millrace.store.filesystem;

import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.common.PluginException.Kind;
import dev.millrace.spi.storage.BlobKey;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Keeps a part of the disk free, as the database may be on the same one: 512 MiB, and no more than
 * a twentieth of a small disk.
 */
final class FreeSpace {
  /** How much is written between two looks. */
  static final long STEP = 8L << 20;

  private static final long FLOOR = 512L << 20;
  private static final int PART = 20;

  /** A disk, in bytes. */
  interface Disk {
    long usable() throws IOException;

    long total() throws IOException;
  }

  private final Disk disk;

  FreeSpace(Disk disk) {
    this.disk = disk;
  }

  static FreeSpace of(Path folder) throws IOException {
    FileStore store = Files.getFileStore(folder);
    return new FreeSpace(
        new Disk() {
          @Override
          public long usable() throws IOException {
            return store.getUsableSpace();
          }

          @Override
          public long total() throws IOException {
            return store.getTotalSpace();
          }
        });
  }

  /** Whether {@code bytes} more leave enough; EXHAUSTED if not. */
  void require(BlobKey key, long bytes) throws PluginException, IOException {
    long total = disk.total();
    // A file system that cannot tell its size limits by itself.
    long floor = total <= 0 ? 0 : Math.min(FLOOR, total / PART);
    long usable = disk.usable();
    if (total > 0 && usable - bytes < floor) {
      throw new PluginException(
          Kind.EXHAUSTED,
          "the disk of the store has "
              + mib(usable)
              + " MiB left, of which "
              + mib(floor)
              + " MiB stay free; "
              + key
              + " needs "
              + mib(bytes)
              + " MiB more. Delete data or give the store a larger disk");
    }
  }

  private static long mib(long bytes) {
    return (bytes + (1 << 20) - 1) >> 20;
  }
}
