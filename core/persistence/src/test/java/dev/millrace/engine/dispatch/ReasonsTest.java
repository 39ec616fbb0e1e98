package dev.millrace.engine.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.WantedNode;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.fleet.Cloud;
import dev.millrace.persistence.H2Database;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class ReasonsTest {
  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private final Cloud cloud = new Cloud();
  private Yard yard;
  private Reasons reasons;
  private Execution execution;

  @BeforeEach
  void open() {
    yard = new Yard(h2.database(), folder);
    reasons = new Reasons(h2.database(), yard.readiness, cloud, yard.settings, yard.desk.clock);
    execution = yard.queued();
  }

  @Test
  void withoutAnyWorkerItSaysSo() {
    assertEquals("No worker has joined environment Environment local yet.", reason());
  }

  @Test
  void aSilentWorkerIsNamedAsSuch() {
    yard.worker("one");
    yard.desk.clock.now = yard.desk.clock.now.plusSeconds(21);
    assertEquals(
        "The workers of environment Environment local are silent; look at their machines.",
        reason());
  }

  @Test
  void aWorkerThatDrainsIsNamedAsSuch() {
    Worker worker = yard.worker("one");
    h2.database().transact(s -> s.workers().update(worker.withDraining(true)));
    assertEquals(
        "The workers of environment Environment local are draining and take no runs; an"
            + " administrator can resume one.",
        reason());
  }

  @Test
  void busySlotsAreCounted() {
    Worker worker = yard.worker("one");
    yard.started(worker, execution);
    execution = yard.queued();
    assertEquals("All 1 slots of environment Environment local are busy.", reason());
  }

  @Test
  void aDisabledEnvironmentIsTheAdministratorsMove() {
    change(environment -> copy(environment, Optional.empty(), false));
    assertEquals(
        "The environment Environment local is disabled; an administrator can enable it.", reason());
  }

  @Test
  void whatTheProviderSaidIsRepeatedWithItsTime() {
    change(environment -> copy(environment, Optional.of("cloud"), true));
    assertEquals("No machine of environment Environment local is ready yet.", reason());
    node(WantedNode.State.WANTED, "provider cloud said EXHAUSTED at 12:03 UTC: none left");
    assertEquals(
        "No machine of environment Environment local is ready yet;"
            + " provider cloud said EXHAUSTED at 12:03 UTC: none left.",
        reason());
  }

  @Test
  void whyAMachineIsGivenBackIsNoReasonToWait() {
    change(environment -> copy(environment, Optional.of("cloud"), true));
    node(WantedNode.State.RELEASING, "idle");
    assertTrue(!reason().contains("idle"), reason());
  }

  @Test
  void aMissingProviderIsNamedAlsoWhileItsMachinesWork() {
    change(environment -> copy(environment, Optional.of("cloud"), true));
    yard.started(yard.worker("one"), execution);
    execution = yard.queued();
    cloud.missing = true;
    assertEquals(
        "All 1 slots of environment Environment local are busy; its provider is missing"
            + " (compute cloud is missing): machines and runs that are there go on, new machines"
            + " wait for it.",
        reason());
    cloud.missing = false;
    assertTrue(!reason().contains("missing"), reason());
  }

  @Test
  void aMissingStoreComesBeforeEverythingElseAndNothingIsOffered() {
    Worker worker = yard.worker("one");
    yard.desk.blobs.away = Optional.of("Data store files is not there: its plugin is missing");
    assertEquals("Data store files is not there: its plugin is missing", reason());
    assertEquals(Optional.empty(), yard.claim(worker));
    yard.desk.blobs.away = Optional.empty();
    assertTrue(yard.claim(worker).isPresent());
  }

  @Test
  void whatAPassAsksDoesNotGrowWithWhatWaitsAndNobodyIsLeftWithoutAReason() {
    reason();
    long few = h2.statements(reasons::tick);
    Crowd.of(yard, execution, 1_100);
    Execution last = yard.queued();
    for (int i = 0; i < 4; i++) {
      reasons.tick();
    }
    assertEquals(
        Optional.of("No worker has joined environment Environment local yet."),
        yard.row(last.id()).waiting());
    assertEquals(few, h2.statements(reasons::tick));
  }

  private String reason() {
    reasons.tick();
    return yard.row(execution.id()).waiting().orElseThrow();
  }

  private void node(WantedNode.State state, String detail) {
    h2.database()
        .transact(
            s -> {
              s.nodes()
                  .insert(
                      new WantedNode(
                          yard.desk.ids.next().toString(),
                          yard.desk.environment.id(),
                          "cloud",
                          state,
                          Optional.empty(),
                          Optional.empty(),
                          detail,
                          yard.desk.clock.now,
                          yard.desk.clock.now,
                          1));
              return true;
            });
  }

  private void change(java.util.function.UnaryOperator<Environment> change) {
    boolean done =
        h2.database().transact(s -> s.environments().update(change.apply(yard.desk.environment)));
    assertTrue(done);
  }

  private static Environment copy(Environment e, Optional<String> provider, boolean enabled) {
    return new Environment(
        e.id(),
        e.slug(),
        e.name(),
        e.owner(),
        e.description(),
        enabled,
        provider,
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
