package dev.millrace.engine.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.ReasonCode;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.store.Database;
import dev.millrace.persistence.H2Database;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class LeaseWatchTest {
  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private Yard yard;
  private Worker worker;
  private ExecutionId id;
  private String lease;
  private LeaseWatch watch;

  @BeforeEach
  void open() {
    yard = new Yard(h2.database(), folder);
    worker = yard.worker("one");
    Execution execution = yard.queued();
    id = execution.id();
    lease = yard.started(worker, execution);
    watch = yard.watch();
    watch.tick();
  }

  @Test
  void aSilentWorkerKeepsItsRunUntilTheLongLimitAndNoLonger() {
    yard.watch(watch, Duration.ofSeconds(59));
    assertEquals(ExecutionStatus.STARTED, yard.row(id).status());
    yard.watch(watch, Duration.ofSeconds(1));
    Execution lost = yard.row(id);
    assertEquals(ExecutionStatus.ERROR, lost.status());
    assertEquals(Optional.of(ReasonCode.WORKER_LOST), lost.reason());
    assertTrue(lost.lease().isEmpty());
    assertTrue(lost.endedAt().isPresent());
    assertTrue(lost.settledAt().isPresent());
    assertTrue(lost.statusDetail().contains("60 s"), lost.statusDetail());
    assertEquals("abandon", yard.order(worker, id, lease), "it came back too late");
    assertEquals(ExecutionStatus.ERROR, yard.row(id).status());
  }

  @Test
  void oneBeatStartsTheCountAnew() {
    yard.watch(watch, Duration.ofSeconds(55));
    assertEquals("continue", yard.order(worker, id, lease));
    yard.watch(watch, Duration.ofSeconds(55));
    assertEquals(ExecutionStatus.STARTED, yard.row(id).status());
  }

  @Test
  void timeWithoutAMasterDoesNotCountNorDoesTheWallClock() {
    yard.watch(watch, Duration.ofSeconds(30));
    LeaseWatch restarted = yard.watch();
    yard.desk.clock.now = yard.desk.clock.now.plus(Duration.ofDays(2));
    yard.nanos.addAndGet(Duration.ofDays(2).toNanos());
    watch.tick();
    restarted.tick();
    yard.watch(restarted, Duration.ofSeconds(55));
    watch.tick();
    assertEquals(ExecutionStatus.STARTED, yard.row(id).status());
  }

  @Test
  void aBeatInTheMomentOfTheJudgementSavesTheRun() {
    yard.watch(watch, Duration.ofSeconds(59));
    LeaseWatch racing =
        new LeaseWatch(
            beatingBeforeTheNextWrite(),
            yard.leases,
            yard.logs,
            yard.queue,
            yard.settings,
            yard.desk.clock,
            yard.nanos::get);
    racing.tick();
    yard.watch(racing, Duration.ofSeconds(60));
    assertEquals(ExecutionStatus.STARTED, yard.row(id).status());
    assertEquals("continue", yard.order(worker, id, lease));
  }

  /** The worker is heard of after the watch has looked, and before it takes the lease. */
  private Database beatingBeforeTheNextWrite() {
    Database real = h2.database();
    return new Database() {
      @Override
      public <T> T transact(Work<T> work) {
        yard.order(worker, id, lease);
        return real.transact(work);
      }

      @Override
      public <T> T read(Work<T> work) {
        return real.read(work);
      }

      @Override
      public boolean answers() {
        return real.answers();
      }
    };
  }
}
