package dev.millrace.engine.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.ReasonCode;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.keys.InstallationKey;
import dev.millrace.engine.service.Desk;
import dev.millrace.engine.service.Submission;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Scope;
import dev.millrace.persistence.H2Database;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
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
  void theClockOfASilentRunOutlivesRestartsOfTheMaster() {
    yard.watch(watch, Duration.ofSeconds(50));
    LeaseWatch second = yard.watch();
    second.tick();
    yard.watch(second, Duration.ofSeconds(29));
    assertFalse(yard.row(id).status().terminal(), "whoever lives can beat first");
    yard.watch(second, Duration.ofSeconds(2));
    assertTrue(yard.row(id).status().terminal());
  }

  @Test
  void aBeatAfterARestartStartsTheClockAnew() {
    yard.watch(watch, Duration.ofSeconds(50));
    assertEquals("continue", yard.order(worker, id, lease));
    LeaseWatch second = yard.watch();
    second.tick();
    yard.watch(second, Duration.ofSeconds(59));
    assertFalse(yard.row(id).status().terminal());
  }

  @Test
  void aRestartTakesAllOutputsAsInput() {
    Execution lost = restarting();
    yard.started(yard.worker("two"), lost);
    int many = 20_001;
    h2.database()
        .transact(
            s -> {
              for (int i = 0; i < many; i++) {
                s.data().insert(yard.desk.datum(lost, "file-" + i));
              }
              return true;
            });
    watch.tick();
    yard.watch(watch, Duration.ofSeconds(61));
    Execution restart = yard.row(yard.row(lost.id()).restartedAs().orElseThrow());
    assertEquals(
        many,
        restart.spec().inputs().stream()
            .filter(input -> input.name().equals(LostRuns.INPUT))
            .mapToInt(input -> input.files().size())
            .sum());
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
    yard.watch(restarted, Duration.ofSeconds(25));
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
            new LostRuns(
                beatingBeforeTheNextWrite(),
                yard.logs,
                yard.queue,
                yard.desk.key,
                yard.settings,
                yard.desk.clock),
            yard.queue,
            yard.settings,
            yard.nanos::get);
    racing.tick();
    yard.watch(racing, Duration.ofSeconds(60));
    assertEquals(ExecutionStatus.STARTED, yard.row(id).status());
    assertEquals("continue", yard.order(worker, id, lease));
  }

  @Test
  void aLostRunIsRunAgainOnceWithWhatItHadPutOutAndItsSecrets() {
    Execution first = restarting();
    String lost = yard.started(worker, first);
    put(first.id(), lost, "sub/a.txt");
    LeaseWatch both = yard.watch();
    both.tick();
    keeping(Duration.ofSeconds(61), both);
    Execution ended = yard.row(first.id());
    assertEquals(Optional.of(ReasonCode.WORKER_LOST), ended.reason());
    Execution again = yard.row(ended.restartedAs().orElseThrow());
    assertEquals(Optional.of(first.id()), again.restartOf());
    assertEquals(first.title(), again.title());
    assertTrue(ended.statusDetail().contains("#" + again.counter()), ended.statusDetail());
    yard.desk.change(
        again.id(), c -> c.status(ExecutionStatus.QUEUED).queuedAt(yard.desk.clock.now));
    JsonNode assignment = yard.accept(worker, yard.claim(worker).orElseThrow());
    assertEquals(again.id().toString(), assignment.get("executionId").asText());
    JsonNode input = assignment.get("inputs").get(assignment.get("inputs").size() - 1);
    assertEquals("_restart", input.get("name").asText());
    assertEquals("sub/a.txt", input.at("/files/0/name").asText());
    assertTrue(assignment.get("environment").toString().contains("s3cret"));
    keeping(Duration.ofSeconds(61), both);
    assertEquals(Optional.of(ReasonCode.WORKER_LOST), yard.row(again.id()).reason());
    assertTrue(yard.row(again.id()).restartedAs().isEmpty(), "a restart is not restarted");
  }

  @Test
  void aLostRunWhoseRestartCannotBeMadeEndsWithoutOne() {
    Execution first = restarting();
    yard.started(worker, first);
    Execution seen = yard.row(first.id());
    long beat = h2.database().read(s -> s.executions().beat(first.id()));
    new LostRuns(
            h2.database(),
            yard.logs,
            yard.queue,
            new InstallationKey(
                "another key, of 32 bytes in all.".getBytes(StandardCharsets.US_ASCII)),
            yard.settings,
            yard.desk.clock)
        .end(seen, beat);
    Execution ended = yard.row(first.id());
    assertEquals(ExecutionStatus.ERROR, ended.status());
    assertTrue(ended.restartedAs().isEmpty());
    assertTrue(ended.statusDetail().contains("Making its restart failed"), ended.statusDetail());
    assertEquals(2, counter(), "its number was given back");
  }

  @Test
  void aLostRunThatHadPutOutTooMuchToListIsNotRestarted() {
    Execution first = restarting();
    yard.started(worker, first);
    String name = "x".repeat(800);
    h2.database()
        .transact(
            s -> {
              for (int i = 0; i < 9_000; i++) {
                s.data().insert(yard.desk.datum(first, name + i));
              }
              return true;
            });
    yard.lost.end(yard.row(first.id()), h2.database().read(s -> s.executions().beat(first.id())));
    Execution ended = yard.row(first.id());
    assertEquals(Optional.of(ReasonCode.WORKER_LOST), ended.reason());
    assertTrue(ended.restartedAs().isEmpty());
    assertTrue(ended.statusDetail().contains("more than 8 MiB"), ended.statusDetail());
  }

  @Test
  void twoMastersThatSeeOneLossRestartOnce() {
    Execution first = restarting();
    yard.started(worker, first);
    Execution seen = yard.row(first.id());
    long beat = h2.database().read(s -> s.executions().beat(first.id()));
    yard.lost.end(seen, beat);
    yard.lost.end(seen, beat);
    assertEquals(3, counter(), "the first of the test, the lost one, its restart");
  }

  @Test
  void oneThatTheUserStopsIsNotRestarted() {
    Execution first = restarting();
    yard.started(worker, first);
    yard.desk.executions.stop(yard.desk.ada, first.id().toString());
    Execution seen = yard.row(first.id());
    yard.lost.end(seen, h2.database().read(s -> s.executions().beat(first.id())));
    assertEquals(ExecutionStatus.ERROR, yard.row(first.id()).status());
    assertTrue(yard.row(first.id()).restartedAs().isEmpty());
  }

  private int counter() {
    return h2.database()
        .read(s -> s.executions().latest(new Scope.Everything(), yard.desk.adas.id()))
        .orElseThrow()
        .counter();
  }

  private Execution restarting() {
    Submission ask =
        Desk.ask(
            yard.desk.adas, yard.desk.upload(yard.desk.ada, yard.desk.adas, Desk.YAML), "train");
    Execution made =
        yard.desk
            .submissions
            .submit(
                yard.desk.ada,
                new Submission(
                    ask.project(),
                    ask.commit(),
                    ask.step(),
                    ask.command(),
                    ask.image(),
                    ask.title(),
                    ask.environment(),
                    ask.inputs(),
                    ask.parameters(),
                    Map.of("TOKEN", new Submission.Variable(Secret.of("s3cret"), true)),
                    ask.tags(),
                    ask.priority(),
                    ask.timeLimitSeconds(),
                    Map.of("autorestart", BooleanNode.TRUE),
                    ask.environmentVariableGroups(),
                    true,
                    ask.runtimeConfigPreset()))
            .execution();
    return yard.desk.change(
        made.id(), c -> c.status(ExecutionStatus.QUEUED).queuedAt(yard.desk.clock.now));
  }

  private void put(ExecutionId execution, String token, String path) {
    String upload = yard.desk.ids.next().toString();
    yard.outputs.uploads(
        worker,
        execution,
        token,
        new Messages.Uploads(List.of(new Messages.UploadFile(upload, path, 3)), null));
    String key =
        h2.database().read(s -> s.data().pending(DatumId.parse(upload))).orElseThrow().key();
    yard.desk.blobs.held.put(key, new byte[3]);
    yard.outputs.outputs(
        worker,
        execution,
        token,
        new Messages.Outputs(
            List.of(
                new Messages.OutputFile(upload, path, 3, null, null, "ab".repeat(32), 1, 1, null)),
            null));
  }

  /** Lets time pass in which the run of the set-up goes on. */
  private void keeping(Duration time, LeaseWatch other) {
    for (long i = 0; i < time.toSeconds(); i += 20) {
      assertEquals("continue", yard.order(worker, id, lease));
      yard.watch(other, Duration.ofSeconds(20));
    }
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
