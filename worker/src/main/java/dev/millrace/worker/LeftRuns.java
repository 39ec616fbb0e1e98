package dev.millrace.worker;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.worker.run.Leftover;
import dev.millrace.worker.run.Trees;
import dev.millrace.worker.runtime.RunRuntime;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends a worker and what it left running, for a machine that is given back. */
final class LeftRuns {
  private static final Logger LOG = LoggerFactory.getLogger(LeftRuns.class);
  private static final Duration WORKER = Duration.ofSeconds(20);

  private final ObjectMapper json;
  private final Map<String, RunRuntime> runtimes;

  LeftRuns(ObjectMapper json, Map<String, RunRuntime> runtimes) {
    this.json = json;
    this.runtimes = runtimes;
  }

  /** Asks no master; true when nothing is left. */
  boolean remove(Path dir) throws IOException, InterruptedException {
    try (WorkerFolder folder = taken(dir)) {
      boolean clean = true;
      for (Path root : folder.leftRuns()) {
        Leftover left = new Leftover(root, json);
        String name = left.runtime();
        RunRuntime runtime = runtimes.get(name);
        boolean gone = runtime == null || left.end(runtime);
        LOG.info("run removed folder={} gone={}", root, gone);
        clean &= gone;
      }
      Trees.delete(folder.trash());
      for (RunRuntime runtime : runtimes.values()) {
        runtime.sweep(folder.runs(), Set.of());
      }
      return clean;
    }
  }

  /** The folder, taken from the worker that may hold it. */
  private WorkerFolder taken(Path dir) throws IOException, InterruptedException {
    long end = System.nanoTime() + WORKER.toNanos();
    while (true) {
      try {
        return WorkerFolder.open(dir, json);
      } catch (WorkerFolder.InUseException e) {
        Optional<ProcessHandle> worker = WorkerFolder.holder(dir).flatMap(ProcessHandle::of);
        long left = end - System.nanoTime();
        if (left < 0) {
          throw e;
        }
        worker.ifPresent(
            process -> {
              if (left < WORKER.toNanos() / 2) {
                process.destroyForcibly();
              } else {
                process.destroy();
              }
            });
        Thread.sleep(100);
      }
    }
  }
}
