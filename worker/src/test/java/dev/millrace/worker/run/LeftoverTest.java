package dev.millrace.worker.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.worker.runtime.Layout;
import dev.millrace.worker.runtime.RunFolder;
import dev.millrace.worker.runtime.RunHandle;
import dev.millrace.worker.runtime.RunRuntime;
import dev.millrace.worker.runtime.RunSpec;
import dev.millrace.worker.wire.Assignment;
import dev.millrace.worker.wire.Json;
import dev.millrace.worker.wire.Wire;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is done to runs that nobody watches any more. */
class LeftoverTest {
  private static final ObjectMapper JSON = Json.mapper();
  private static final Wire.Ended ENDED = new Wire.Ended(0, null, null, false, null);

  @TempDir Path dir;
  private final List<String> done = new ArrayList<>();

  @Test
  void whatTheRuntimeKeepsOfARunIsRemovedInEachPhaseThatCameAfterItsStart() throws Exception {
    RunState running = RunState.NEW.started(1);
    assertEquals(List.of(), end(RunState.NEW));
    assertEquals(List.of("kill", "remove"), end(running));
    assertEquals(List.of("remove"), end(running.ended(ENDED)));
    assertEquals(List.of("remove"), end(running.ended(ENDED).settled(null)));
  }

  private List<String> end(RunState state) throws Exception {
    done.clear();
    RunFolder folder = new RunFolder(dir.resolve("run"));
    folder.create();
    RunStore store = new RunStore(folder, JSON);
    store.create(
        JSON.readValue(Path.of("../docs/wire/assignment.json").toFile(), Assignment.class));
    store.save(state);
    assertTrue(new Leftover(folder.root(), JSON).end(new Noted()));
    assertFalse(Files.exists(folder.root()));
    return List.copyOf(done);
  }

  /** Notes what it is asked for. */
  private final class Noted implements RunRuntime, RunHandle {
    @Override
    public String name() {
      return "noted";
    }

    @Override
    public boolean available() {
      return true;
    }

    @Override
    public Layout layout(RunFolder folder, String executionId) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void prepare(RunSpec spec) {
      throw new UnsupportedOperationException();
    }

    @Override
    public RunHandle launch(RunSpec spec) {
      throw new UnsupportedOperationException();
    }

    @Override
    public RunHandle adopt(RunSpec spec) {
      return this;
    }

    @Override
    public void sweep(Path runs, Set<String> executions) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean awaitGone(Duration wait) {
      return true;
    }

    @Override
    public Exit exit() {
      return new Exit(0, false, null);
    }

    @Override
    public void interrupt() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void kill() {
      done.add("kill");
    }

    @Override
    public void remove() {
      done.add("remove");
    }

    @Override
    public Wire.@Nullable RunImage image() {
      return null;
    }
  }
}
