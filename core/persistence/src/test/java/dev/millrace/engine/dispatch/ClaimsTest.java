package dev.millrace.engine.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.Lease;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.domain.StopOrder;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.service.CommitView;
import dev.millrace.engine.service.Desk;
import dev.millrace.engine.service.Submission;
import dev.millrace.persistence.H2Database;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class ClaimsTest {
  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private Yard yard;

  @BeforeEach
  void open() {
    yard = new Yard(h2.database(), folder);
  }

  @Test
  void anOfferIsNoStartAndAcceptingIsOne() {
    Worker worker = yard.worker("one");
    Execution execution = yard.queued();
    Messages.Offer offer = yard.claim(worker).orElseThrow();
    assertEquals(ExecutionStatus.QUEUED, yard.row(execution.id()).status());
    assertEquals(Lease.State.OFFERED, lease(execution).state());
    assertEquals(Optional.empty(), yard.claim(yard.worker("two")), "it is kept for the first");
    JsonNode assignment = yard.accept(worker, offer);
    assertEquals(execution.id().toString(), assignment.get("executionId").asText());
    assertEquals(ExecutionStatus.STARTED, yard.row(execution.id()).status());
    assertNotEquals(offer.token(), assignment.get("lease").asText());
    assertEquals(List.of("Submitted", "Changed", "Offered", "Started"), yard.facts(execution.id()));
  }

  @Test
  void acceptingTwiceGivesTheSameLeaseAndStartsOnce() {
    Worker worker = yard.worker("one");
    Execution execution = yard.queued();
    Messages.Offer offer = yard.claim(worker).orElseThrow();
    JsonNode first = yard.accept(worker, offer);
    long version = yard.row(execution.id()).version();
    assertEquals(first.get("lease"), yard.accept(worker, offer).get("lease"));
    assertEquals(version, yard.row(execution.id()).version());
  }

  @Test
  void nobodyElseAcceptsAnOffer() {
    yard.queued();
    Messages.Offer offer = yard.claim(yard.worker("one")).orElseThrow();
    Worker other = yard.worker("two");
    assertEquals(410, status(() -> yard.accept(other, offer)));
    Messages.Offer guessed = new Messages.Offer(offer.executionId(), "guessed", 10);
    assertEquals(410, status(() -> yard.accept(yard.worker("three"), guessed)));
  }

  @Test
  void anOfferThatNobodyAcceptsComesBackWithinItsTimeAndItsTokenIsDead() {
    Worker one = yard.worker("one");
    Execution execution = yard.queued();
    Messages.Offer offer = yard.claim(one).orElseThrow();
    LeaseWatch watch = yard.watch();
    watch.tick();
    yard.watch(watch, Duration.ofSeconds(9));
    assertTrue(yard.row(execution.id()).lease().isPresent());
    yard.watch(watch, Duration.ofSeconds(1));
    assertTrue(yard.row(execution.id()).lease().isEmpty());
    Messages.Offer again = yard.claim(yard.worker("two")).orElseThrow();
    assertEquals(execution.id().toString(), again.executionId());
    assertEquals(410, status(() -> yard.accept(one, offer)));
    assertEquals(
        List.of("Submitted", "Changed", "Offered", "OfferExpired", "Offered"),
        yard.facts(execution.id()));
  }

  @Test
  void fiveWorkersAtOnceGetFiveDifferentExecutions() throws Exception {
    List<Worker> workers = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      workers.add(yard.worker("w" + i));
      yard.queued();
    }
    ExecutorService threads = Executors.newFixedThreadPool(5);
    try {
      List<Callable<Optional<Messages.Offer>>> calls = new ArrayList<>();
      workers.forEach(w -> calls.add(() -> yard.claim(w)));
      List<String> offered = new ArrayList<>();
      for (Future<Optional<Messages.Offer>> call : threads.invokeAll(calls)) {
        call.get().ifPresent(o -> offered.add(o.executionId()));
      }
      assertEquals(5, offered.stream().distinct().count());
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void twoMastersNeverOfferOneExecutionTwice() {
    Claims other =
        new Claims(
            h2.database(), yard.leases, yard.readiness, yard.releases, yard.queue, yard.settings);
    Execution execution = yard.queued();
    Execution stale = yard.row(execution.id());
    assertTrue(yard.claim(yard.worker("one")).isPresent());
    assertEquals(Optional.empty(), yard.leases.offer(stale, yard.worker("two")));
    List<Optional<Messages.Claimed>> answers = new ArrayList<>();
    other.claim(yard.worker("three"), 1, answers::add);
    other.tick();
    assertEquals(List.of(), answers);
    other.close();
    assertEquals(List.of(Optional.empty()), answers);
  }

  @Test
  void priorityGoesFirstThenWhoHasFewerRunningThenFirstCome() {
    Execution running = yard.queued(yard.desk.ada, yard.desk.adas, 0);
    yard.started(yard.worker("zero"), running);
    Execution adas = yard.queued(yard.desk.ada, yard.desk.adas, 0);
    Execution bobs = yard.queued(yard.desk.bob, yard.desk.bobs, 0);
    Execution bobsSecond = yard.queued(yard.desk.bob, yard.desk.bobs, 0);
    Execution urgent = yard.queued(yard.desk.ada, yard.desk.adas, 5);
    List<String> order = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      order.add(yard.claim(yard.worker("w" + i)).orElseThrow().executionId());
    }
    // Urgent makes it two of Ada's; with his first Bob has one, so his second goes before hers.
    assertEquals(
        List.of(urgent, bobs, bobsSecond, adas).stream().map(e -> e.id().toString()).toList(),
        order);
  }

  @Test
  void aRunThatHasEndedAndStillUploadsDoesNotCountAsRunning() {
    Worker one = yard.worker("one");
    Execution uploading = yard.queued();
    String lease = yard.started(one, uploading);
    yard.reports.ended(one, uploading.id(), lease, ended(0));
    yard.started(yard.worker("two"), yard.queued(yard.desk.bob, yard.desk.bobs, 0));
    yard.queued(yard.desk.bob, yard.desk.bobs, 0);
    Execution adas = yard.queued();
    assertEquals(adas.id().toString(), yard.claim(one).orElseThrow().executionId());
  }

  @Test
  void aWorkerGetsNothingOfAnotherGroupNorWhatItCannotRunNorWhileDraining() {
    yard.queued();
    var other = yard.desk.environment("other");
    h2.database()
        .transact(
            s -> {
              s.environments().insert(other);
              return true;
            });
    assertEquals(Optional.empty(), yard.claim(yard.worker("elsewhere", other)));
    Messages.Register dockerless =
        new Messages.Register(
            yard.joinToken(yard.desk.environment),
            "n",
            "none",
            "0.0.0",
            "linux",
            "amd64",
            List.of(1),
            1,
            1,
            1,
            List.of(),
            List.of());
    Worker unable =
        yard.registrations.authenticate(yard.registrations.register(dockerless).credential());
    assertEquals(Optional.empty(), yard.claim(unable));
  }

  @Test
  void aStaleLeaseTokenIsRefusedByEveryCallOfARun() {
    Worker worker = yard.worker("one");
    Execution execution = yard.queued();
    ExecutionId id = execution.id();
    String lease = yard.started(worker, execution);
    Worker thief = yard.worker("two");
    for (Object[] who : new Object[][] {{worker, "stale"}, {thief, lease}, {worker, null}}) {
      Worker as = (Worker) who[0];
      String with = (String) who[1];
      assertEquals(
          410,
          status(
              () ->
                  yard.reports.log(
                      as, id, with, "stdout", new Reports.Chunk(0, 1, null, new byte[1]))));
      assertEquals(
          410,
          status(() -> yard.reports.metadata(as, id, with, new Messages.Metadata(0, List.of()))));
      assertEquals(
          410,
          status(() -> yard.reports.statusDetail(as, id, with, new Messages.StatusDetail(""))));
      assertEquals(410, status(() -> yard.reports.ended(as, id, with, ended(0))));
      assertEquals(
          410,
          status(() -> yard.reports.settled(as, id, with, new Messages.Settled(null, null, null))));
      assertEquals(
          410,
          status(() -> yard.outputs.uploads(as, id, with, new Messages.Uploads(List.of(), null))));
      assertEquals(
          410,
          status(() -> yard.outputs.outputs(as, id, with, new Messages.Outputs(List.of(), null))));
      assertEquals(
          410,
          status(
              () ->
                  yard.leases.transfers(
                      as, id, with, new Messages.TransfersWanted(true, List.of()))));
      if (with != null) {
        assertEquals("abandon", yard.order(as, id, with));
      }
    }
    assertEquals(0, yard.logs.lengths(id).stdout());
    assertTrue(yard.row(id).endedAt().isEmpty());
    assertEquals("continue", yard.order(worker, id, lease));
  }

  @Test
  void aBeatSaysWhatToDoWithEachRun() {
    Worker worker = yard.worker("one");
    Execution execution = yard.queued();
    ExecutionId id = execution.id();
    String lease = yard.started(worker, execution);
    assertEquals("continue", yard.order(worker, id, lease));
    yard.desk.executions.stop(yard.desk.ada, id.toString());
    assertEquals("stop", yard.order(worker, id, lease));
    yard.desk.executions.stop(yard.desk.ada, id.toString());
    assertEquals(StopOrder.KILL, yard.row(id).stop(), "a second stop skips the wait");
    assertEquals("kill", yard.order(worker, id, lease));
    yard.reports.ended(worker, id, lease, ended(0));
    assertEquals("kill", yard.order(worker, id, lease), "what is left to do is not waited for");
    yard.reports.settled(
        worker, id, lease, new Messages.Settled(new Messages.Lengths(0, 0, 0), null, null));
    assertEquals("continue", yard.order(worker, id, lease), "its log is not sealed");
    assertEquals("abandon", yard.order(worker, new ExecutionId(yard.desk.ids.next()), lease));
  }

  @Test
  void theEndIsRecordedAtOnceAndTheStatusWhenAllIsSettled() {
    Worker worker = yard.worker("one");
    Execution execution = yard.queued();
    ExecutionId id = execution.id();
    String lease = yard.started(worker, execution);
    assertEquals(
        409,
        status(
            () -> yard.reports.settled(worker, id, lease, new Messages.Settled(null, null, null))));
    yard.reports.ended(worker, id, lease, ended(0));
    var ended = yard.row(id).endedAt();
    assertTrue(ended.isPresent());
    assertFalse(yard.row(id).status().terminal());
    yard.desk.clock.now = yard.desk.clock.now.plusSeconds(30);
    yard.reports.ended(worker, id, lease, ended(7));
    assertEquals(ended, yard.row(id).endedAt());
    assertEquals(Optional.of(0), yard.row(id).exitCode());
    yard.reports.settled(worker, id, lease, new Messages.Settled(null, null, null));
    assertEquals(ExecutionStatus.COMPLETE, yard.row(id).status());
    assertEquals(ended, yard.row(id).endedAt());
  }

  @Test
  void aSecretOfASubmissionIsSealedInItsRowAndOpenInTheAssignment() {
    CommitView commit = yard.desk.upload(yard.desk.ada, yard.desk.adas, Desk.YAML);
    Submission ask =
        Desk.ask(
            yard.desk.adas,
            commit,
            "train",
            Map.of(),
            Map.of(),
            Map.of(
                "PASSWORD", new Submission.Variable(Secret.of("s3cr3t-word"), true),
                "OPEN", new Submission.Variable(Secret.of("plain"), false)));
    ExecutionId id = yard.desk.submissions.submit(yard.desk.ada, ask).execution().id();
    Execution queued =
        yard.desk.change(id, c -> c.status(ExecutionStatus.QUEUED).queuedAt(yard.desk.clock.now));
    String sealed =
        queued.spec().environmentVariables().stream()
            .filter(v -> v.name().equals("PASSWORD"))
            .findFirst()
            .orElseThrow()
            .sealed()
            .orElseThrow()
            .text();
    assertFalse(queued.spec().toString().contains("s3cr3t-word"));
    Worker worker = yard.worker("one");
    JsonNode variables = yard.accept(worker, yard.claim(worker).orElseThrow()).get("environment");
    assertEquals("s3cr3t-word", value(variables, "PASSWORD", true));
    assertEquals("plain", value(variables, "OPEN", false));
    // Moved to the row of another execution it opens for nobody.
    String other = "execution:" + new ExecutionId(yard.desk.ids.next());
    assertThrows(
        IllegalStateException.class,
        () -> yard.desk.key.unseal(new dev.millrace.engine.domain.Sealed(sealed), other));
  }

  private static String value(JsonNode variables, String name, boolean secret) {
    for (JsonNode variable : variables) {
      if (variable.get("name").asText().equals(name)) {
        assertEquals(secret, variable.get("secret").asBoolean());
        return variable.get("value").asText();
      }
    }
    throw new AssertionError("no variable " + name);
  }

  private Lease lease(Execution execution) {
    return yard.row(execution.id()).lease().orElseThrow();
  }

  static Messages.Ended ended(int exitCode) {
    return new Messages.Ended(exitCode, null, null, false, null);
  }

  static int status(Runnable call) {
    return assertThrows(Refused.class, call::run).status();
  }
}
