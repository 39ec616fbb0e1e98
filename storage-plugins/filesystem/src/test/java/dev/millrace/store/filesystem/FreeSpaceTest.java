package dev.millrace.store.filesystem;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.storage.BlobKey;
import dev.millrace.spi.storage.WriteOptions;
import dev.millrace.spi.tck.Calls;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store does not fill the disk that it shares. */
class FreeSpaceTest {
  private static final long GIB = 1L << 30;
  private static final BlobKey KEY = new BlobKey("big");

  @TempDir Path folder;

  /** A disk that loses what is read of the bodies written to it. */
  private static final class Shrinking implements FreeSpace.Disk {
    private final long total;
    private long usable;

    Shrinking(long total, long usable) {
      this.total = total;
      this.usable = usable;
    }

    @Override
    public long usable() {
      return usable;
    }

    @Override
    public long total() {
      return total;
    }
  }

  private record Sized(OptionalLong size) implements WriteOptions {
    @Override
    public Optional<String> contentType() {
      return Optional.empty();
    }

    @Override
    public boolean ifAbsent() {
      return false;
    }
  }

  /** As many zeros as anybody asks for. */
  private static InputStream zeros(Shrinking disk, long bytes) {
    return new InputStream() {
      private long left = bytes;

      @Override
      public int read() {
        throw new UnsupportedOperationException("bytes are read in pieces");
      }

      @Override
      public int read(byte[] into, int from, int length) {
        int n = (int) Math.min(length, left);
        left -= n;
        disk.usable -= n;
        return n == 0 ? -1 : n;
      }
    };
  }

  @Test
  void aFileThatWouldNotFitIsRefusedBeforeItsFirstByte() throws Exception {
    Shrinking disk = new Shrinking(100 * GIB, 10 * GIB);
    FileSystemStore store =
        new FileSystemStore(
            StoreFolder.open(folder.resolve("store").toString()), new FreeSpace(disk));
    PluginException refused =
        assertThrows(
            PluginException.class,
            () ->
                store.write(
                    KEY,
                    zeros(disk, 100 * GIB),
                    new Sized(OptionalLong.of(100 * GIB)),
                    Calls.call()));
    assertEquals(PluginException.Kind.EXHAUSTED, refused.kind());
    assertTrue(refused.getMessage().contains("512 MiB stay free"), refused.getMessage());
    assertEquals(10 * GIB, disk.usable);
  }

  @Test
  void whatGrowsWhileItIsWrittenStopsAtTheFloorAndLeavesNothing() throws Exception {
    Shrinking disk = new Shrinking(100 * GIB, (512L << 20) + (20L << 20));
    FileSystemStore store =
        new FileSystemStore(
            StoreFolder.open(folder.resolve("store").toString()), new FreeSpace(disk));
    assertThrows(
        PluginException.class,
        () -> store.write(KEY, zeros(disk, GIB), new Sized(OptionalLong.empty()), Calls.call()));
    assertTrue(disk.usable >= (512L << 20) - FreeSpace.STEP, "" + disk.usable);
    assertEquals(Optional.empty(), store.stat(KEY, Calls.call()));
    try (Stream<Path> files = Files.walk(folder)) {
      assertEquals(0, files.filter(f -> Files.isRegularFile(f) && size(f) > GIB / 1024).count());
    }
  }

  @Test
  void aSmallDiskKeepsATwentiethFree() throws Exception {
    FreeSpace space = new FreeSpace(new Shrinking(100L << 20, 50L << 20));
    space.require(KEY, 45L << 20);
    assertThrows(PluginException.class, () -> space.require(KEY, 46L << 20));
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      return 0;
    }
  }
}
