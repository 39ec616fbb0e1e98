package dev.millrace.worker.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.worker.runtime.RunHandle;
import dev.millrace.worker.wire.Assignment;
import dev.millrace.worker.wire.LogChunk;
import dev.millrace.worker.wire.Wire;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A stop and a limit are enforced whatever else fails meanwhile. */
@Timeout(120)
class WatchTest {
  private static final Assignment.Limits LIMITS =
      new Assignment.Limits(1, 0, 1L, 0, 0, 0, List.of(), 0, 0);

  @TempDir Path dir;
  private final RunOrders orders = new RunOrders();
  private PipedRun run;
  private RunLog log;

  @BeforeEach
  void make() throws Exception {
    run = new PipedRun(dir.resolve("run"));
    log = run.log(Long.MAX_VALUE);
  }

  @AfterEach
  void end() throws Exception {
    log.close();
    run.close();
  }

  /** A run that no interrupt ends, and whose worker has trouble with it. */
  private static final class Stubborn implements RunHandle {
    private int interrupts;
    private int breaks;
    private boolean killed;

    @Override
    public boolean awaitGone(Duration wait) throws IOException {
      if (interrupts > 0 && breaks > 0) {
        breaks--;
        throw new IOException("the engine is away");
      }
      return killed;
    }

    @Override
    public Exit exit() {
      return new Exit(null, false, null);
    }

    @Override
    public void interrupt() throws IOException {
      interrupts++;
      throw new IOException("No space left on device");
    }

    @Override
    public void kill() {
      killed = true;
    }

    @Override
    public void remove() {
      // Nothing is left.
    }

    @Override
    public Wire.@Nullable RunImage image() {
      return null;
    }
  }

  private Watch watch(RunHandle running, long micros) {
    return new Watch(running, LIMITS, orders, log, () -> {}, () -> micros, reason -> {});
  }

  @Test
  void aTimeLimitIsEnforcedWhereNothingCanBeWritten() throws Exception {
    // The note on who holds the pipes cannot be written.
    Files.createDirectory(run.folder.logs().resolve("holder.tmp"));
    assertThrows(IOException.class, () -> log.receive(run.pipes));
    Stubborn running = new Stubborn();
    watch(running, 2_000_000).untilGone();
    assertTrue(running.killed);
    assertTrue(running.interrupts > 0);
  }

  @Test
  void theGraceGoesOnWhenTheRunIsTakenUpAgain() throws Exception {
    Stubborn running = new Stubborn();
    running.breaks = 1;
    orders.stop();
    assertThrows(IOException.class, () -> watch(running, 0).untilGone());
    watch(running, 0).untilGone();
    assertTrue(running.killed);
    LogChunk said = log.chunk("status", 0);
    String text = said == null ? "" : new String(said.bytes(), StandardCharsets.UTF_8);
    assertEquals(2, text.split("Stopping: ", -1).length, text);
  }
}
