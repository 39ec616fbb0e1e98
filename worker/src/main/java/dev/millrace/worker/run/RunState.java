package dev.millrace.worker.run;

import dev.millrace.worker.wire.Wire;
import org.jspecify.annotations.Nullable;

/**
 * What a worker must not forget of a run when it dies.
 *
 * @param startedMicros when user code was started, 0 before
 * @param stopReason why the worker itself stops the run, null when it does not or the master asked
 * @param stopped whether the master ordered the stop
 */
record RunState(
    Phase phase,
    long startedMicros,
    boolean stopped,
    @Nullable String stopReason,
    Wire.@Nullable Ended ended,
    @Nullable String settleDetail) {

  /** Where a run is, in order. */
  enum Phase {
    PREPARING,
    RUNNING,
    UPLOADING,
    SETTLED
  }

  static final RunState NEW = new RunState(Phase.PREPARING, 0, false, null, null, null);

  RunState started(long micros) {
    return new RunState(Phase.RUNNING, micros, stopped, stopReason, ended, settleDetail);
  }

  RunState stopping(boolean ordered, @Nullable String reason) {
    return new RunState(
        phase,
        startedMicros,
        stopped || ordered,
        stopReason == null ? reason : stopReason,
        ended,
        settleDetail);
  }

  RunState ended(Wire.Ended end) {
    return new RunState(Phase.UPLOADING, startedMicros, stopped, stopReason, end, null);
  }

  RunState settled(@Nullable String detail) {
    return new RunState(Phase.SETTLED, startedMicros, stopped, stopReason, ended, detail);
  }
}
