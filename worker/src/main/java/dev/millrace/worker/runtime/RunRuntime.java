package dev.millrace.worker.runtime;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Where runs live: plain processes, or containers. */
public interface RunRuntime {

  /** The name on the wire. */
  String name();

  /** Whether a run could be started now; asked every few seconds. */
  boolean available();

  /** Why it takes no runs although the operator allows it, and what helps; null if it does. */
  default @Nullable String trouble() {
    return null;
  }

  /** How the run's folder is laid out and owned for user code. */
  Layout layout(RunFolder folder, String executionId);

  /** Fetches what the run needs before its inputs are there, such as an image; may take minutes. */
  void prepare(RunSpec spec) throws IOException, LaunchException, InterruptedException;

  /** Starts the run, or adopts it when it was started before the worker died. */
  RunHandle launch(RunSpec spec) throws IOException, LaunchException, InterruptedException;

  /** A run that was started before; one that never was counts as gone after a while. */
  RunHandle adopt(RunSpec spec) throws IOException, LaunchException, InterruptedException;

  /**
   * Removes what is left of runs whose folders were in {@code runs}, except of those executions.
   */
  void sweep(Path runs, Set<String> executions) throws IOException;
}
