package dev.millrace.worker.run;

import dev.millrace.worker.wire.Backoff;
import dev.millrace.worker.wire.SignedRequest;
import dev.millrace.worker.wire.Wire;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Delayed;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One output on its way: first into the store, then into the master's records. One thread at a time
 * has it.
 */
final class Upload implements Delayed {
  final OutputTree.Entry file;

  /** Where it goes; null when that has to be asked. */
  @Nullable SignedRequest place;

  /** What is reported of it once the store has it. */
  Wire.@Nullable Output sent;

  /** Bytes of its report, about. */
  int reportBytes;

  /** How often the store had lost it. */
  int lost;

  /** How often a report failed that it was part of. */
  int shared;

  /** Whether it counts as one of those that are under way. */
  boolean counted = true;

  /** Whether it is reported alone, so that it holds no other. */
  boolean alone;

  private final Backoff backoff = new Backoff(FIRST, LONGEST, new java.util.SplittableRandom());
  private long failingSince;
  private boolean failing;
  private long due = System.nanoTime();

  private static final Duration FIRST = Duration.ofMillis(200);
  private static final Duration LONGEST = Duration.ofSeconds(30);

  Upload(OutputTree.Entry file, @Nullable SignedRequest place) {
    this.file = file;
    this.place = place;
  }

  /** A step has succeeded: patience begins anew. */
  void worked() {
    failing = false;
    backoff.succeeded();
  }

  /** Whether it is to be tried again, after a wait; false when it was tried for long enough. */
  boolean again(IOException problem, Duration patience) {
    long now = System.nanoTime();
    if (!failing) {
      failing = true;
      failingSince = now;
    }
    if (now - failingSince >= patience.toNanos()) {
      return false;
    }
    due = now + MasterCalls.wait(backoff, problem).toNanos();
    return true;
  }

  /** Whether its last try failed. */
  boolean failing() {
    return failing;
  }

  /** How it is called in words to the user. */
  static String shown(OutputTree.Entry file) {
    return "Output '" + file.path().replaceAll("\\p{Cntrl}", "?") + "'";
  }

  @Override
  public long getDelay(TimeUnit unit) {
    return unit.convert(due - System.nanoTime(), TimeUnit.NANOSECONDS);
  }

  @Override
  public int compareTo(Delayed other) {
    return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
  }
}
