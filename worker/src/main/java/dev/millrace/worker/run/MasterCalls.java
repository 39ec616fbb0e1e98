package dev.millrace.worker.run;

import dev.millrace.worker.wire.Backoff;
import dev.millrace.worker.wire.MasterException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Repeats calls to the master until they succeed, are refused for good, or the run is over. */
final class MasterCalls {
  private static final Logger LOG = LoggerFactory.getLogger(MasterCalls.class);
  private static final long SLICE_MILLIS = 200;

  /** One call. */
  @FunctionalInterface
  interface Call<T> {
    T send() throws IOException;
  }

  private final String executionId;
  private final BooleanSupplier over;

  /** {@code over}: nothing is waited for any more. */
  MasterCalls(String executionId, BooleanSupplier over) {
    this.executionId = executionId;
    this.over = over;
  }

  /**
   * Sends until an answer comes, at most for {@code patience}; errors that another attempt does not
   * mend are thrown at once.
   */
  <T> T until(String what, Duration patience, Call<T> call)
      throws IOException, InterruptedException {
    Backoff backoff = Backoff.standard();
    long end = System.nanoTime() + patience.toNanos();
    while (true) {
      IOException problem;
      try {
        return call.send();
      } catch (IOException e) {
        problem = e;
      }
      Failure failure = Failure.of(problem);
      if (failure == Failure.OVER || failure == Failure.FINAL) {
        throw problem;
      }
      Duration wait = wait(backoff, problem);
      if (over.getAsBoolean() || System.nanoTime() - end > 0) {
        throw problem;
      }
      if (backoff.attempts() == 3) {
        LOG.warn("call waits execution={} call={} error={}", executionId, what, problem.toString());
      }
      sleep(wait);
    }
  }

  /** A call without an answer. */
  @FunctionalInterface
  interface Report {
    void send() throws IOException;
  }

  /**
   * Sends a report; one that is refused for good is sent once more with less in it, for a run must
   * end. False where that is refused as well.
   */
  boolean report(String what, Duration patience, Report whole, Report plain)
      throws IOException, InterruptedException {
    for (Report report : List.of(whole, plain)) {
      try {
        return until(
            what,
            patience,
            () -> {
              report.send();
              return true;
            });
      } catch (IOException e) {
        if (Failure.of(e) != Failure.FINAL) {
          throw e;
        }
        LOG.error("report refused execution={} call={}", executionId, what, e);
      }
    }
    return false;
  }

  /** The next wait, or a longer one that the master asks for. */
  static Duration wait(Backoff backoff, IOException problem) {
    Duration wait = backoff.next();
    Duration asked =
        problem instanceof MasterException e
            ? Duration.ofSeconds(Math.min(60, e.retryAfterSeconds()))
            : Duration.ZERO;
    return asked.compareTo(wait) > 0 ? asked.plus(wait.dividedBy(4)) : wait;
  }

  private void sleep(Duration wait) throws InterruptedException {
    long end = System.nanoTime() + wait.toNanos();
    for (long left = wait.toMillis(); left > 0 && !over.getAsBoolean(); ) {
      Thread.sleep(Math.min(SLICE_MILLIS, left));
      left = (end - System.nanoTime()) / 1_000_000;
    }
  }
}
