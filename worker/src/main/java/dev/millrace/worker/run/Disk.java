package dev.millrace.worker.run;

import dev.millrace.worker.transfer.InputCache;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The space on the disk of the worker's folder: how much must be free before a run is taken, and a
 * reserve that is given up when the worker itself must write and no space is left.
 */
public final class Disk {
  private static final Logger LOG = LoggerFactory.getLogger(Disk.class);
  private static final long RESERVE = 4L << 20;
  private static final long TIGHT = 1L << 20;
  private static final long PATIENCE = Duration.ofSeconds(5).toNanos();

  private final Path folder;
  private final Path reserve;
  private final long minFree;
  private final InputCache cache;
  private long tightSince;

  /** Wants {@code minFreeBytes} free on the disk of {@code folder}. */
  public Disk(Path folder, long minFreeBytes, InputCache cache) {
    this.folder = folder;
    this.reserve = folder.resolve("reserve");
    this.minFree = minFreeBytes;
    this.cache = cache;
  }

  /** Bytes that the worker may still write. */
  public long free() {
    try {
      return Files.getFileStore(folder).getUsableSpace();
    } catch (IOException e) {
      LOG.warn("free space unknown folder={} error={}", folder, e.toString());
      return Long.MAX_VALUE;
    }
  }

  /** Whether no space is left. */
  boolean tight() {
    return free() < TIGHT;
  }

  /** How full the disk is, as a sentence. */
  String words() {
    return "The worker's disk is full: " + (free() >> 20) + " MiB are free in " + folder + ".";
  }

  /** Gives up the reserve. */
  public synchronized void release() {
    try {
      if (Files.deleteIfExists(reserve)) {
        LOG.warn("disk is full, reserve given up folder={}", folder);
      }
    } catch (IOException e) {
      LOG.error("cannot remove the reserve, remove it by hand file={}", reserve, e);
    }
  }

  /**
   * Why no run is taken now, or null. Cached inputs that no run holds go first; the reserve is put
   * by again once there is space for it.
   */
  public synchronized @Nullable String shortage() {
    if (free() < minFree) {
      cache.makeRoom(minFree - free());
    }
    long free = free();
    if (free < minFree) {
      return "Only "
          + (free >> 20)
          + " MiB are free on the disk of "
          + folder
          + "; "
          + (minFree >> 20)
          + " MiB must be. Free some space, or start the worker with another --min-free-mib.";
    }
    if (!Files.exists(reserve) && free >= minFree + RESERVE) {
      putBy();
    }
    return null;
  }

  private void putBy() {
    try (OutputStream out = Files.newOutputStream(reserve)) {
      byte[] block = new byte[1 << 16];
      for (long written = 0; written < RESERVE; written += block.length) {
        out.write(block);
      }
    } catch (IOException e) {
      LOG.warn("no reserve could be put by folder={} error={}", folder, e.toString());
      release();
    }
  }

  /** Whether no space has been left for some seconds, so that nothing here can go on. */
  public synchronized boolean stuck() {
    if (!tight()) {
      tightSince = 0;
      return false;
    }
    long now = System.nanoTime();
    if (tightSince == 0) {
      tightSince = now;
    }
    return now - tightSince > PATIENCE;
  }
}
