package dev.millrace.source.git;

import dev.millrace.engine.source.SourceException;
import dev.millrace.engine.source.SourceException.Code;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.eclipse.jgit.lib.ProgressMonitor;
import org.jspecify.annotations.Nullable;

/**
 * What one fetch may take: bytes and time. A stream that runs over breaks, so that neither a huge
 * repository nor a server that trickles holds a thread or the disk.
 */
final class Budget implements ProgressMonitor {
  /** Runs over; the trouble is in {@link #trouble}. */
  static final class Spent extends IOException {
    private static final long serialVersionUID = 1;

    Spent(String message) {
      super(message);
    }
  }

  private final long bytes;
  private final long end;
  private final List<Runnable> closers = new ArrayList<>();
  private long taken;
  private volatile @Nullable SourceException trouble;

  Budget(long bytes, Duration time) {
    this.bytes = bytes;
    this.end = System.nanoTime() + time.toNanos();
  }

  /** What ended the fetch before its end, if it was this. */
  Optional<SourceException> trouble() {
    return Optional.ofNullable(trouble);
  }

  InputStream counted(InputStream in) {
    return new Counted(in);
  }

  /** Called when the fetch is given up from outside; at once if it was already. */
  void onCancel(Runnable closer) {
    synchronized (closers) {
      closers.add(closer);
    }
    if (trouble != null) {
      closer.run();
    }
  }

  /** Gives the fetch up: whatever it reads from is closed. */
  void cancel(SourceException why) {
    note(why);
    List<Runnable> all;
    synchronized (closers) {
      all = List.copyOf(closers);
    }
    all.forEach(Runnable::run);
  }

  synchronized void note(SourceException why) {
    if (trouble == null) {
      trouble = why;
    }
  }

  private synchronized void take(long more) throws Spent {
    taken += Math.max(0, more);
    if (taken > bytes) {
      note(
          new SourceException(
              Code.UNREADABLE,
              "the repository is too large: what the master may keep of it ends at "
                  + Sizes.words(bytes)
                  + " more. Take large files out of it and use inputs instead, or ask the operator"
                  + " to raise MILLRACE_GIT_BYTES"));
      throw new Spent("too many bytes");
    }
    checkTime();
  }

  private void checkTime() throws Spent {
    if (System.nanoTime() - end >= 0) {
      note(
          new SourceException(
              Code.UNAVAILABLE,
              "the fetch took too long and was given up; try again, or ask the operator to raise"
                  + " MILLRACE_GIT_SECONDS"));
      throw new Spent("too much time");
    }
  }

  @Override
  public void start(int totalTasks) {}

  @Override
  public void beginTask(String title, int totalWork) {}

  @Override
  public void update(int completed) {}

  @Override
  public void endTask() {}

  @Override
  public void showDuration(boolean enabled) {}

  @Override
  public boolean isCancelled() {
    try {
      checkTime();
      return trouble != null;
    } catch (Spent e) {
      return true;
    }
  }

  private final class Counted extends FilterInputStream {
    Counted(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      int one = super.read();
      take(one < 0 ? 0 : 1);
      return one;
    }

    @Override
    public int read(byte[] buffer, int from, int length) throws IOException {
      int read = super.read(buffer, from, length);
      take(read);
      return read;
    }
  }
}
