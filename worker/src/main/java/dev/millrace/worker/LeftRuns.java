package dev.millrace.worker;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.worker.runtime.ProcessRuntime;
import dev.millrace.worker.runtime.RunFolder;
import dev.millrace.worker.runtime.RunHandle;
import dev.millrace.worker.runtime.RunSpec;
import dev.millrace.worker.wire.Assignment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends what a worker left running in its folder, for a machine that is given back. */
final class LeftRuns {
  private static final Logger LOG = LoggerFactory.getLogger(LeftRuns.class);

  private LeftRuns() {}

  static void end(Path dir, ObjectMapper json) throws IOException, InterruptedException {
    try (WorkerFolder folder = WorkerFolder.open(dir, json)) {
      ProcessRuntime processes = new ProcessRuntime();
      for (Path root : folder.leftRuns()) {
        RunFolder run = new RunFolder(root);
        Path file = root.resolve("assignment.json");
        if (!Files.exists(file) || !Files.exists(run.state().resolve("pid"))) {
          continue;
        }
        Assignment assignment = json.readValue(Files.readAllBytes(file), Assignment.class);
        RunHandle handle = processes.launch(new RunSpec(assignment, run, line -> {}, () -> true));
        handle.kill();
        boolean gone = handle.awaitGone(Duration.ofSeconds(10));
        LOG.info("run ended execution={} gone={}", assignment.executionId(), gone);
      }
    }
  }
}
