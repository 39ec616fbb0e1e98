package dev.millrace.worker.run;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Tells files that are whole: their size and time have stood still for a while, and no process has
 * them open for writing. Where the run's processes cannot be looked at, the while is longer.
 */
final class Standing {
  private static final int MOST = 50_000;
  private static final long LOOK_AGAIN = Duration.ofSeconds(2).toNanos();

  /**
   * How long a file must stand still.
   *
   * @param seen where the run's processes can be looked at
   * @param unseen where they cannot
   */
  record Times(Duration seen, Duration unseen) {
    static final Times STANDARD = new Times(Duration.ofSeconds(3), Duration.ofSeconds(10));
  }

  private record Stand(long size, long modified, long since) {}

  /** Looks at the processes. */
  @FunctionalInterface
  interface Look {
    OpenFiles.Seen seen() throws IOException;
  }

  private final Times times;
  private final Look processes;
  private final LongSupplier nanos;
  private Map<Long, Stand> before = new HashMap<>();
  private Map<Long, Stand> now = new HashMap<>();
  private OpenFiles.@Nullable Seen seen;
  private long seenAt;

  Standing(Times times, Look processes, LongSupplier nanos) {
    this.times = times;
    this.processes = processes;
    this.nanos = nanos;
  }

  /** A new look at all files begins. */
  void begin() {
    before = now;
    now = new HashMap<>();
  }

  /** Whether a file, found again or for the first time in this look, is whole. */
  boolean whole(OutputTree.Entry file, @Nullable Object key) throws IOException {
    if (now.size() >= MOST) {
      return false;
    }
    long print = Fingerprints.of(file.path());
    Stand stand = before.get(print);
    if (stand == null || stand.size() != file.size() || stand.modified() != file.modifiedMicros()) {
      stand = new Stand(file.size(), file.modifiedMicros(), nanos.getAsLong());
    }
    now.put(print, stand);
    long still = nanos.getAsLong() - stand.since();
    if (still < times.seen().toNanos()) {
      return false;
    }
    OpenFiles.Seen processes = look();
    return !processes.written(key) && (processes.complete() || still >= times.unseen().toNanos());
  }

  private OpenFiles.Seen look() throws IOException {
    OpenFiles.Seen last = seen;
    if (last == null || nanos.getAsLong() - seenAt > LOOK_AGAIN) {
      last = processes.seen();
      seen = last;
      seenAt = nanos.getAsLong();
    }
    return last;
  }
}
