package dev.millrace.worker.run;

import dev.millrace.worker.wire.Backoff;
import dev.millrace.worker.wire.MasterException;
import java.io.IOException;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Repeats calls to the master until they succeed, are refused for good, or the run is over. */
final class MasterCalls {
  private static final Logger LOG = LoggerFactory.getLogger(MasterCalls.class);

  /** One call. */
  @FunctionalInterface
  interface Call<T> {
    T send() throws IOException;
  }

  private final String executionId;
  private final BooleanSupplier over;

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
      Duration wait = backoff.next();
      try {
        return call.send();
      } catch (MasterException e) {
        if (!e.transientFailure()) {
          throw e;
        }
        problem = e;
        Duration asked = Duration.ofSeconds(Math.min(60, e.retryAfterSeconds()));
        wait = asked.compareTo(wait) > 0 ? asked.plus(wait.dividedBy(4)) : wait;
      } catch (IOException e) {
        problem = e;
      }
      if (over.getAsBoolean() || System.nanoTime() - end > 0) {
        throw problem;
      }
      if (backoff.attempts() == 3) {
        LOG.warn("call waits execution={} call={} error={}", executionId, what, problem.toString());
      }
      Thread.sleep(wait.toMillis());
    }
  }
}
