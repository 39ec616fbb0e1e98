package dev.millrace.provider.onprem;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** One writer of the node folders at a time, across threads and across masters on this machine. */
final class FolderLock {
  private final Path file;
  private final ReentrantLock threads = new ReentrantLock();

  FolderLock(Path root) {
    this.file = root.resolve(".lock");
  }

  /** A held lock; closing gives it back. */
  interface Held extends AutoCloseable {
    @Override
    void close() throws IOException;
  }

  /** The lock, or empty when others held it for the whole time. */
  Optional<Held> take(Duration longest) throws IOException {
    long end = System.nanoTime() + longest.toNanos();
    try {
      if (!threads.tryLock(Math.max(0, longest.toNanos()), TimeUnit.NANOSECONDS)) {
        return Optional.empty();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
    FileChannel channel = null;
    boolean held = false;
    try {
      Files.createDirectories(file.getParent());
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = attempt(channel);
      while (lock == null && System.nanoTime() < end && !Thread.currentThread().isInterrupted()) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        lock = attempt(channel);
      }
      held = lock != null;
      FileChannel open = channel;
      return held ? Optional.of(() -> release(open)) : Optional.empty();
    } finally {
      if (!held) {
        threads.unlock();
        if (channel != null) {
          channel.close();
        }
      }
    }
  }

  private void release(FileChannel channel) throws IOException {
    try {
      channel.close();
    } finally {
      threads.unlock();
    }
  }

  private static @Nullable FileLock attempt(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // Another account object of this very process has it, as after a quick restart.
      return null;
    }
  }
}
