package dev.millrace.engine.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.Worker;
import dev.millrace.persistence.H2Database;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A worker that waits is told at once that there is an order, and once. */
class WakesTest {
  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private Yard yard;
  private Worker worker;
  private Execution execution;
  private String lease;
  private final List<Boolean> answers = new ArrayList<>();

  @BeforeEach
  void open() {
    yard = new Yard(h2.database(), folder);
    worker = yard.worker("one");
    execution = yard.queued();
    lease = yard.started(worker, execution);
  }

  private void stop() {
    yard.desk.executions.stop(yard.desk.ada, execution.id().toString());
  }

  @Test
  void aStopWakesTheWorkerThatRunsItAndNoOther() {
    List<Boolean> others = new ArrayList<>();
    yard.wakes.await(yard.worker("two"), others::add);
    yard.wakes.await(worker, answers::add);
    yard.wakes.tick();
    assertEquals(List.of(), answers);
    stop();
    yard.wakes.tick();
    assertEquals(List.of(true), answers);
    assertEquals(List.of(), others);
    assertEquals("stop", yard.order(worker, execution.id(), lease));
  }

  @Test
  void oneThatAsksLateIsToldOfAnOrderThatIsThereAlready() {
    stop();
    yard.wakes.await(worker, answers::add);
    assertEquals(List.of(true), answers);
    yard.wakes.await(worker, answers::add);
    yard.wakes.tick();
    assertEquals(List.of(true), answers, "it was woken for this order");
    stop();
    yard.wakes.tick();
    assertEquals(List.of(true, true), answers, "the second stop is another order");
  }

  @Test
  void aNewerPollEndsTheOlder() {
    yard.wakes.await(worker, answers::add);
    yard.wakes.await(worker, answers::add);
    assertEquals(List.of(false), answers);
    yard.wakes.close();
    assertEquals(List.of(false, false), answers);
  }
}
