package dev.millrace.worker.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.worker.runtime.LaunchException;
import dev.millrace.worker.runtime.RunFolder;
import dev.millrace.worker.runtime.RunHandle;
import dev.millrace.worker.runtime.RunPipes;
import dev.millrace.worker.runtime.RunRuntime;
import dev.millrace.worker.runtime.RunSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A run that nobody watches any more. */
public final class Leftover {
  private static final Logger LOG = LoggerFactory.getLogger(Leftover.class);
  private static final Duration WAIT = Duration.ofSeconds(30);

  private final RunFolder folder;
  private final RunStore store;

  public Leftover(Path root, ObjectMapper json) {
    this.folder = new RunFolder(root);
    this.store = new RunStore(folder, json);
  }

  /** The runtime that it runs under, empty when it never began. */
  public String runtime() throws IOException {
    return Files.exists(folder.root().resolve("state.json")) ? store.assignment().runtime() : "";
  }

  /** Kills what runs and removes the folder; true when nothing is left. */
  public boolean end(RunRuntime runtime) throws IOException, InterruptedException {
    RunState.Phase phase = store.state().phase();
    if (phase == RunState.Phase.RUNNING) {
      try {
        RunHandle handle = adopt(runtime);
        handle.kill();
        if (!handle.awaitGone(WAIT)) {
          return false;
        }
        handle.remove();
      } catch (LaunchException e) {
        LOG.debug("nothing runs folder={} said={}", folder.root(), e.getMessage());
      }
    } else if (phase != RunState.Phase.PREPARING) {
      try {
        adopt(runtime).remove();
      } catch (IOException | LaunchException e) {
        LOG.debug("nothing was left folder={} said={}", folder.root(), e.toString());
      }
    }
    new RunPipes(folder).release();
    Trees.delete(folder.root());
    return true;
  }

  private RunHandle adopt(RunRuntime runtime)
      throws IOException, LaunchException, InterruptedException {
    return runtime.adopt(new RunSpec(store.assignment(), folder, line -> {}, () -> true));
  }
}
