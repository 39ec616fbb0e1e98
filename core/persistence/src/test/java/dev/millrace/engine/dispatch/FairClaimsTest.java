package dev.millrace.engine.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.store.WaitingStore.Head;
import dev.millrace.persistence.H2Database;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** More waits than one look shows. */
class FairClaimsTest {
  private static final int MANY = 2_100;

  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private Yard yard;

  @BeforeEach
  void open() {
    yard = new Yard(h2.database(), folder);
  }

  @Test
  void aUserWithManyWaitingRunsDoesNotKeepAnotherFromTheirFirst() {
    yard.started(yard.worker("zero"), yard.queued());
    Crowd.of(yard, yard.queued(), MANY);
    Execution bobs = yard.queued(yard.desk.bob, yard.desk.bobs, 0);
    assertEquals(bobs.id().toString(), yard.claim(yard.worker("one")).orElseThrow().executionId());
    assertTrue(yard.claim(yard.worker("two")).isPresent(), "and the many are next");
  }

  @Test
  void runsOfAStoreThatIsGoneKeepNobodyElseWaiting() {
    Crowd.of(yard, Crowd.queuedOn(yard, "gone", 5), MANY);
    yard.desk.blobs.awayByName.put("gone", "its plugin is missing");
    Execution bobs = yard.queued(yard.desk.bob, yard.desk.bobs, 0);
    Execution adasToo = yard.queued();
    Worker worker = yard.worker("one");
    assertEquals(bobs.id().toString(), yard.claim(worker).orElseThrow().executionId());
    assertEquals(
        adasToo.id().toString(), yard.claim(yard.worker("two")).orElseThrow().executionId());
    assertEquals(Optional.empty(), yard.claim(yard.worker("three")));
    yard.desk.blobs.awayByName.clear();
    assertTrue(yard.claim(yard.worker("four")).isPresent());
  }

  @Test
  void whatAnOlderMasterQueuedIsSortedIntoItsLines() {
    Execution gone = Crowd.queuedOn(yard, "gone", 5);
    Crowd.like(yard, gone, 700);
    Execution adas = yard.queued();
    Crowd.like(yard, adas, 3);
    yard.desk.change(adas.id(), c -> c.status(ExecutionStatus.STOPPED));
    yard.desk.blobs.awayByName.put("gone", "its plugin is missing");
    assertEquals(Optional.empty(), yard.claim(yard.worker("one")), "700 are more than one look");
    assertTrue(yard.claim(yard.worker("two")).isPresent());
  }

  @Test
  void aPriorityBeyondTheFirstOfALineIsSeen() {
    Crowd.of(yard, yard.queued(), MANY);
    Execution urgent = yard.queued(yard.desk.ada, yard.desk.adas, 7);
    assertEquals(
        urgent.id().toString(), yard.claim(yard.worker("one")).orElseThrow().executionId());
  }

  @Test
  void aLookShowsTheFirstsOfAllLinesBeforeTheSecondsOfOne() {
    Crowd.of(yard, yard.queued(), MANY);
    Execution bobs = yard.queued(yard.desk.bob, yard.desk.bobs, 0);
    List<Head> heads =
        h2.database().read(s -> s.waiting().heads(yard.desk.environment.id(), Set.of(), 500, 2));
    assertEquals(2, heads.size());
    assertEquals(bobs.id(), heads.get(1).id());
    long count = h2.database().read(s -> s.waiting().count(yard.desk.environment.id()));
    assertEquals(MANY + 2, count);
  }

  @Test
  void aWorkerThatDrainsIsTriedOnceForAllHeads() {
    Worker draining = yard.worker("draining");
    Execution first = yard.queued();
    for (int i = 0; i < 20; i++) {
      yard.queued();
    }
    h2.database().transact(s -> s.workers().update(draining.withDraining(true)));
    List<Optional<Messages.Claimed>> answers = new ArrayList<>();
    yard.claims.claim(draining, 1, answers::add);
    long asked = h2.statements(() -> yard.claims.tick());
    assertTrue(asked <= 20, asked + " statements for 21 heads");
    assertEquals(List.of(), answers, "it still waits");
    assertEquals(first.id().toString(), yard.claim(yard.worker("one")).orElseThrow().executionId());
  }

  @Test
  void whatOneClaimAsksTheDatabaseDoesNotGrowWithWhatWaits() {
    yard.queued();
    yard.claim(yard.worker("warm"));
    yard.queued();
    long few = h2.statements(() -> yard.claims.tick());
    Crowd.of(yard, yard.queued(), MANY);
    long many = h2.statements(() -> yard.claims.tick());
    assertEquals(few, many);
    Worker worker = yard.worker("one");
    long claim = h2.statements(() -> yard.claim(worker));
    assertTrue(claim <= 40, claim + " statements");
  }
}
