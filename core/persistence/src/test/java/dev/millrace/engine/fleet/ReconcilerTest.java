package dev.millrace.engine.fleet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.artifacts.WorkerReleases;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.JoinToken;
import dev.millrace.engine.domain.Lease;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.domain.WantedNode;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.domain.WorkerId;
import dev.millrace.engine.keys.InstallationKey;
import dev.millrace.engine.loop.Deposed;
import dev.millrace.engine.loop.Leadership;
import dev.millrace.engine.service.Desk;
import dev.millrace.engine.settings.Settings;
import dev.millrace.persistence.H2Database;
import dev.millrace.spi.common.CallContext;
import dev.millrace.spi.common.InstallationId;
import dev.millrace.spi.common.Page;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.compute.Node;
import dev.millrace.spi.compute.NodeRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class ReconcilerTest {
  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private final AtomicLong nanos = new AtomicLong();
  private final Cloud cloud = new Cloud();
  private Desk desk;
  private Environment group;
  private Leadership leadership;
  private Leadership other;
  private WorkerReleases releases;
  private Settings settings;
  private Requests requests;
  private Reconciler reconciler;

  @BeforeEach
  void open() throws Exception {
    desk = new Desk(h2.database(), folder);
    group = provided(desk.environment("rented"), "cloud");
    h2.database()
        .transact(
            s -> {
              s.environments().insert(group);
              return s.settings().putIfAbsent("installation.id", "mill");
            });
    Files.createDirectories(folder.resolve("worker"));
    Files.writeString(folder.resolve("worker/millrace-worker-0.0.0-linux-amd64.tar.gz"), "archive");
    Map<String, String> values =
        Map.of("millrace.data", folder.toString(), "millrace.home", folder.toString());
    settings = new Settings(values::get);
    releases =
        new WorkerReleases(h2.database(), desk.blobs, new Desk.NoTransfers(), settings, nanos::get);
    releases.refresh();
    leadership = new Leadership(h2.database(), "me", nanos::get);
    leadership.tick();
    requests = new Requests(h2.database(), leadership, releases, desk.key, settings, desk.clock);
    reconciler = reconciler(leadership);
  }

  private Reconciler reconciler(Leadership lead) {
    return new Reconciler(context(lead), false);
  }

  private FleetContext context(Leadership lead) {
    return context(lead, "here");
  }

  private FleetContext context(Leadership lead, String master) {
    return new FleetContext(
        h2.database(),
        cloud,
        requests,
        lead,
        desk.clock,
        nanos::get,
        new FleetContext.Self(master, Duration.ofSeconds(60)));
  }

  @Test
  @Timeout(60)
  void aProviderThatHangsHoldsUpNoOther() throws Exception {
    CountDownLatch looked = new CountDownLatch(1);
    Cloud stuck =
        new Cloud() {
          @Override
          public Page<Node> nodes(InstallationId mine, Page.Cursor from, CallContext call) {
            looked.countDown();
            try {
              new CountDownLatch(1).await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            return Page.last(List.of());
          }
        };
    // Its name comes first.
    cloud.other = Optional.of(Map.entry("a-stuck", stuck));
    Environment stuckGroup = provided(desk.environment("stuck"), "a-stuck");
    h2.database()
        .transact(
            s -> {
              s.environments().insert(stuckGroup);
              return true;
            });
    Reconciler looping = new Reconciler(context(leadership), true);
    try {
      looked.await();
      queued();
      while (rows().stream().noneMatch(r -> r.state() == WantedNode.State.RENTED)) {
        LockSupport.parkNanos(10_000_000);
      }
    } finally {
      looping.close();
    }
  }

  @Test
  void aSecondNodeUnderOneKeyIsReleasedAndTheFirstStays() {
    queued();
    tick();
    cloud.twin();
    for (int i = 0; i < 3; i++) {
      tick();
    }
    assertEquals(List.of("twin"), cloud.released);
    assertEquals(WantedNode.State.RENTED, only().state());
    assertEquals(1, cloud.nodes.size());
  }

  @Test
  void waitingWorkRentsOneMachineHoweverOftenOneLooks() {
    queued();
    for (int i = 0; i < 5; i++) {
      tick();
    }
    assertEquals(1, cloud.nodes.size());
    assertEquals(WantedNode.State.RENTED, only().state());
  }

  @Test
  void theSecondMasterRentsNothingWhileTheFirstLeads() {
    queued();
    Leadership other = new Leadership(h2.database(), "other", nanos::get);
    other.tick();
    Reconciler second = reconciler(other);
    assertThrows(Deposed.class, second::tick);
    assertEquals(0, cloud.asked.size());
    assertEquals(0, rows().size());
  }

  @Test
  void aNodeIsAskedForWithOneTokenUntilTheProviderAnswers() {
    queued();
    cloud.refusal = Optional.of(exhausted());
    for (int i = 0; i < 100; i++) {
      tick();
    }
    assertTrue(cloud.asked.size() > 3, "asked " + cloud.asked.size() + " times");
    assertTrue(cloud.asked.size() < 9, "asked " + cloud.asked.size() + " times");
    assertEquals(1, cloud.asked.stream().map(ReconcilerTest::token).distinct().count());
    assertEquals(1, cloud.asked.stream().map(NodeRequest::key).distinct().count());
    assertEquals(
        "provider cloud said EXHAUSTED at 10:0",
        only().detail().substring(0, "provider cloud said EXHAUSTED at 10:0".length()));
    cloud.refusal = Optional.empty();
    for (int i = 0; i < 70; i++) {
      tick();
    }
    assertEquals(WantedNode.State.RENTED, only().state());
    assertEquals("", only().detail());
  }

  @Test
  void aNodeWhoseTokenRanOutBeforeItJoinedGetsAFreshOneUnderTheSameKey() {
    queued();
    tick();
    tick();
    pass(Duration.ofMinutes(59));
    tick();
    assertEquals(1, cloud.asked.size());
    pass(Duration.ofMinutes(2));
    tick();
    tick();
    assertEquals(2, cloud.asked.size());
    assertEquals(cloud.asked.get(0).key(), cloud.asked.get(1).key());
    assertNotEquals(token(cloud.asked.get(0)), token(cloud.asked.get(1)));
    assertEquals(1, cloud.nodes.size());
    JoinToken fresh = h2.database().read(s -> s.tokens().joinTokenOf(only().key())).orElseThrow();
    assertEquals(InstallationKey.hash(Secret.of(token(cloud.asked.get(1)))), fresh.hash());
  }

  @Test
  void aNodeThatNeverJoinsIsGivenBackAndAnotherOneIsWanted() {
    queued();
    tick();
    String first = only().key();
    pass(Duration.ofMinutes(121));
    for (int i = 0; i < 10; i++) {
      tick();
    }
    assertEquals(List.of("id-" + first), cloud.released);
    assertNotEquals(first, only().key());
  }

  @Test
  void aNodeWhoseWorkerJoinedIsLeftAlone() {
    queued();
    tick();
    joined(only().key());
    pass(Duration.ofHours(5));
    tick();
    assertEquals(1, cloud.asked.size());
    assertEquals(WantedNode.State.RENTED, only().state());
  }

  @Test
  void whileTheProviderIsMissingItsMachinesAreLeftAloneAndGrowthWaits() {
    queued();
    tick();
    String key = only().key();
    Worker worker = joined(key);
    cloud.missing = true;
    queued();
    pass(Duration.ofHours(2));
    for (int i = 0; i < 20; i++) {
      tick();
    }
    assertEquals(1, rows().size());
    assertEquals(WantedNode.State.RENTED, only().state());
    assertTrue(worker(worker.id()).removedAt().isEmpty());
    cloud.missing = false;
    tick();
    tick();
    assertEquals(2, cloud.nodes.size());
    assertEquals(List.of(), cloud.released);
  }

  @Test
  void anIdleMachineIsReleasedAfterItsRunsAndNotUnderThem() {
    Execution execution = queued();
    tick();
    String key = only().key();
    Worker worker = joined(key);
    Lease lease = new Lease(worker.id(), Lease.State.HELD, "aa".repeat(32));
    desk.change(execution.id(), c -> c.status(ExecutionStatus.STARTED).lease(lease));
    pass(Duration.ofHours(1));
    tick();
    assertEquals(WantedNode.State.RENTED, only().state());
    // It is marked for release while a run has just begun: that one ends first.
    Nodes nodes = new Nodes(h2.database(), leadership, desk.clock, "here");
    nodes.releasing(only(), "idle");
    assertTrue(worker(worker.id()).draining());
    for (int i = 0; i < 10; i++) {
      tick();
    }
    assertEquals(List.of(), cloud.released);
    desk.change(
        execution.id(),
        c ->
            c.status(ExecutionStatus.COMPLETE)
                .endedAt(desk.clock.now)
                .settledAt(desk.clock.now)
                .withoutLease());
    tick();
    assertEquals(List.of("id-" + key), cloud.released);
    assertTrue(worker(worker.id()).removedAt().isPresent());
  }

  @Test
  void aNodeThatNoRowRemembersIsReleasedOnTheSecondLook() {
    cloud.stranger("lost");
    tick();
    assertEquals(List.of(), cloud.released);
    tick();
    assertEquals(List.of("id-lost"), cloud.released);
  }

  @Test
  void machinesOfAProviderThatTheGroupLeftAreReleasedByIt() {
    queued();
    tick();
    String key = only().key();
    Environment now = h2.database().read(s -> found(s)).orElseThrow();
    boolean changed = h2.database().transact(s -> s.environments().update(provided(now, "")));
    assertTrue(changed);
    for (int i = 0; i < 5; i++) {
      tick();
    }
    assertEquals(List.of("id-" + key), cloud.released);
    assertEquals(List.of(), rows());
  }

  @Test
  void anotherLeaderLeavesMachinesAloneThatItDoesNotSeeWhileTheirWorkersBeat() {
    Execution execution = queued();
    tick();
    Worker worker = joined(only().key());
    Lease lease = new Lease(worker.id(), Lease.State.HELD, "aa".repeat(32));
    desk.change(execution.id(), c -> c.status(ExecutionStatus.STARTED).lease(lease));
    Reconciler second = takeOver();
    for (int i = 0; i < 70; i++) {
      h2.database()
          .transact(
              s -> {
                s.workers().beat(worker.id(), desk.clock.now);
                return true;
              });
      tick(second);
    }
    assertEquals(WantedNode.State.RENTED, only().state());
    assertTrue(worker(worker.id()).removedAt().isEmpty());
    assertEquals(1, rows().size(), "its slot counts");
    new Nodes(h2.database(), other, desk.clock, "there").releasing(only(), "idle");
    for (int i = 0; i < 10; i++) {
      tick(second);
    }
    assertEquals(List.of(), cloud.released, "not under its run");
    assertTrue(worker(worker.id()).removedAt().isEmpty());
  }

  @Test
  void aMachineThatIsNotSeenAndWhoseWorkerIsSilentIsGivenUp() {
    queued();
    tick();
    String key = only().key();
    Worker worker = joined(key);
    Reconciler second = takeOver();
    for (int i = 0; i < 50; i++) {
      tick(second);
    }
    assertTrue(worker(worker.id()).removedAt().isEmpty());
    for (int i = 0; i < 20; i++) {
      tick(second);
    }
    assertTrue(worker(worker.id()).removedAt().isPresent());
    assertNotEquals(key, only().key(), "and another takes its place");
  }

  @Test
  void aMachineThatItsOwnMasterDoesNotSeeIsGone() {
    queued();
    tick();
    String key = only().key();
    cloud.nodes.clear();
    for (int i = 0; i < 10; i++) {
      tick();
    }
    assertNotEquals(key, only().key());
  }

  @Test
  void whatATickAsksDoesNotGrowWithWorkersOrWaitingRuns() {
    Execution execution = queued();
    tick();
    Worker worker = joined(only().key());
    tick();
    long few = h2.statements(this::tick);
    for (int i = 0; i < 20; i++) {
      joined(only().key());
    }
    Lease lease = new Lease(worker.id(), Lease.State.HELD, "aa".repeat(32));
    desk.change(execution.id(), c -> c.status(ExecutionStatus.STARTED).lease(lease));
    assertEquals(few, h2.statements(this::tick));
  }

  /** The first leader goes, with its folders. */
  private Reconciler takeOver() {
    leadership.close();
    other = new Leadership(h2.database(), "other", nanos::get);
    other.tick();
    cloud.hidden = true;
    requests = new Requests(h2.database(), other, releases, desk.key, settings, desk.clock);
    return new Reconciler(context(other, "there"), false);
  }

  private void tick(Reconciler second) {
    pass(Duration.ofSeconds(1));
    releases.refresh();
    other.tick();
    second.tick();
  }

  private Optional<Environment> found(dev.millrace.engine.store.Session session) {
    return session
        .environments()
        .find(new dev.millrace.engine.store.Scope.Everything(), group.id());
  }

  private Execution queued() {
    ExecutionId id = desk.run(desk.ada, desk.adas, group).execution().id();
    return desk.change(id, c -> c.status(ExecutionStatus.QUEUED).queuedAt(desk.clock.now));
  }

  private Worker joined(String key) {
    Worker worker =
        new Worker(
            new WorkerId(desk.ids.next()),
            group.id(),
            "w",
            desk.ids.next().toString(),
            "nonce",
            Optional.of(key),
            "0.0.0",
            "linux",
            "amd64",
            1,
            1,
            1,
            List.of(),
            List.of("process"),
            false,
            Optional.empty(),
            Optional.empty(),
            desk.clock.now,
            desk.clock.now,
            Optional.empty(),
            0,
            1);
    h2.database()
        .transact(
            s -> {
              s.workers().insert(worker);
              return true;
            });
    return worker;
  }

  private Worker worker(WorkerId id) {
    return h2.database().read(s -> s.workers().find(id)).orElseThrow();
  }

  private List<WantedNode> rows() {
    return h2.database().read(s -> s.nodes().list(Optional.empty(), 10));
  }

  private WantedNode only() {
    List<WantedNode> rows =
        rows().stream().filter(r -> r.state() != WantedNode.State.RELEASING).toList();
    assertEquals(1, rows.size(), rows.toString());
    return rows.get(0);
  }

  private void tick() {
    pass(Duration.ofSeconds(1));
    releases.refresh();
    leadership.tick();
    reconciler.tick();
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
    desk.clock.now = desk.clock.now.plus(time);
  }

  private static String token(NodeRequest request) {
    return request.worker().joinToken().reveal();
  }

  private static PluginException exhausted() {
    return new PluginException(PluginException.Kind.EXHAUSTED, "no such machines left");
  }

  private static Environment provided(Environment e, String provider) {
    return new Environment(
        e.id(),
        e.slug(),
        e.name(),
        e.owner(),
        e.description(),
        e.enabled(),
        Optional.of(provider).filter(p -> !p.isEmpty()),
        e.machineType(),
        e.slots(),
        e.scaleMin(),
        5,
        e.scaleDownGraceMinutes(),
        e.runtime(),
        e.perHourPriceUsd(),
        e.allowedMounts(),
        e.createdAt(),
        e.modifiedAt(),
        e.version());
  }
}
