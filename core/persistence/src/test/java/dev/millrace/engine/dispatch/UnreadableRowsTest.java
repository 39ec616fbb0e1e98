package dev.millrace.engine.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.artifacts.CodeArchives;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.fleet.Cloud;
import dev.millrace.engine.service.NoSource;
import dev.millrace.persistence.H2Database;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** One row that cannot be read holds no other. */
class UnreadableRowsTest {
  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private Yard yard;

  @BeforeEach
  void open() {
    yard = new Yard(h2.database(), folder);
  }

  @Test
  void theNextOfTheSameGroupIsOffered() {
    spoil(yard.queued(yard.desk.ada, yard.desk.adas, 5).id());
    Execution next = yard.queued();
    assertEquals(next.id().toString(), yard.claim(yard.worker("one")).orElseThrow().executionId());
  }

  @Test
  void aGroupThatCannotBeReadHoldsNoOtherGroup() {
    Environment other = yard.desk.environment("other");
    h2.database()
        .transact(
            s -> {
              s.environments().insert(other);
              return true;
            });
    Worker first = yard.worker("first", other);
    Worker second = yard.worker("second");
    Execution queued = yard.queued();
    h2.change("update environment set runtime = 'NONE' where slug = 'other'");
    List<Optional<Messages.Claimed>> answers = new ArrayList<>();
    yard.claims.claim(first, 1, answers::add);
    assertEquals(queued.id().toString(), yard.claim(second).orElseThrow().executionId());
    assertEquals(List.of(), answers);
  }

  @Test
  void whatAnOlderMasterQueuedIsNotedAllTheSame() {
    spoil(yard.queued(yard.desk.ada, yard.desk.adas, 5).id());
    Execution next = yard.queued();
    h2.change("update execution set store_set = null");
    assertEquals(next.id().toString(), yard.claim(yard.worker("one")).orElseThrow().executionId());
    h2.change("update execution set store_set = null");
    new Reasons(h2.database(), yard.readiness, new Cloud(), yard.settings, yard.desk.clock).tick();
  }

  @Test
  void batchesOfOtherProjectsAreAdmitted() {
    yard.worker("without containers");
    spoil(yard.desk.run(yard.desk.ada, yard.desk.adas).execution().id());
    ExecutionId bobs = yard.desk.run(yard.desk.bob, yard.desk.bobs).execution().id();
    Admission admission =
        new Admission(
            h2.database(),
            yard.noRegistry(),
            new CodeArchives(h2.database(), new NoSource(), yard.desk.blobs, yard.settings),
            yard.readiness,
            yard.queue,
            yard.desk.clock,
            yard.nanos::get);
    try {
      admission.tick();
      assertEquals(ExecutionStatus.QUEUED, yard.row(bobs).status());
    } finally {
      admission.close();
    }
  }

  @Test
  void otherLostRunsAreEnded() {
    List<Execution> lost = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      Execution execution = yard.queued();
      yard.started(yard.worker("w" + i), execution);
      lost.add(execution);
    }
    spoil(lost.get(0).id());
    LeaseWatch watch = yard.watch();
    watch.tick();
    yard.watch(watch, Duration.ofSeconds(62));
    lost.subList(1, 6).forEach(run -> assertTrue(yard.row(run.id()).status().terminal()));
  }

  private void spoil(ExecutionId id) {
    h2.change(
        "update execution_spec set spec = '{' where execution_id = X'"
            + id.toString().replace("-", "")
            + "'");
  }
}
