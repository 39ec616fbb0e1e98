package dev.millrace.worker.runtime;

import dev.millrace.worker.wire.Wire;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A started run, whoever started it. */
public interface RunHandle {

  /** Waits at most so long; true when the last process of the run has gone. */
  boolean awaitGone(Duration wait) throws IOException, InterruptedException;

  /** How it ended; asked only when {@link #awaitGone} was true. */
  Exit exit() throws IOException;

  /** Sends SIGINT to every process of the run; may be called twice. */
  void interrupt() throws IOException;

  /** Sends SIGKILL to every process of the run; may be called twice. */
  void kill() throws IOException;

  /** Forgets what the runtime keeps of the run outside its folder; may be called twice. */
  void remove() throws IOException;

  /** The image that was run, or null where there is none. */
  Wire.@Nullable RunImage image();

  /**
   * How a run ended.
   *
   * @param code exit code, null when none was left behind
   * @param outOfMemory the kernel says that memory ran out
   * @param problem what kept the run from starting, or null
   */
  record Exit(@Nullable Integer code, boolean outOfMemory, @Nullable String problem) {}
}
