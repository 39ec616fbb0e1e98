package dev.millrace.engine.queue;

import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.ExecutionId;
import java.time.Duration;

/**
 * Says that there may be something to do. What waits, and in which order, stands in the rows; every
 * hint may be lost or come twice, and a loop repairs that.
 */
public interface Queue {
  /** Hints that the execution waits in the group; call it after the commit. Never blocks. */
  void offer(EnvironmentId group, ExecutionId execution);

  /** Hints that somebody of the group wants work. Never blocks. */
  void wanted(EnvironmentId group);

  /** Hints that something that others waited for has come. Never blocks. */
  void wake();

  /**
   * Waits until something was offered or wanted after the one that {@code seen} counts, or the time
   * is over, and returns the count of now. Start with 0.
   */
  long await(long seen, Duration atMost) throws InterruptedException;
}
