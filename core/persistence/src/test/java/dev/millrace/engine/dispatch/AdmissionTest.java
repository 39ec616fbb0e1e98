package dev.millrace.engine.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.artifacts.CodeArchives;
import dev.millrace.engine.artifacts.Images;
import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.CodeArchive;
import dev.millrace.engine.domain.Commit;
import dev.millrace.engine.domain.CommitId;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.service.NoSource;
import dev.millrace.engine.source.SourceException;
import dev.millrace.persistence.H2Database;
import dev.millrace.spi.registry.PullCredentials;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What one project, commit, store or registry waits for holds no other. */
@Timeout(120)
class AdmissionTest {
  private static final int MANY = 600;

  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private final CountDownLatch over = new CountDownLatch(1);
  private final Slow source = new Slow();
  private Yard yard;
  private Admission admission;

  @BeforeEach
  void open() {
    yard = new Yard(h2.database(), folder);
    admission = admission(yard.noRegistry());
  }

  private Admission admission(Images images) {
    return new Admission(
        h2.database(),
        images,
        new CodeArchives(h2.database(), source, yard.desk.blobs, yard.settings),
        yard.readiness,
        yard.queue,
        yard.desk.clock,
        yard.nanos::get);
  }

  @AfterEach
  void close() {
    over.countDown();
    admission.close();
  }

  @Test
  void unarchivedRunsOfAnAbsentStoreKeepNobodyWaiting() {
    yard.worker("without containers");
    Execution stuck = unarchivedOn("gone");
    Crowd.like(yard, stuck, MANY);
    yard.desk.blobs.awayByName.put("gone", "its plugin is missing");
    Execution bobs = created(yard.desk.bob, yard.desk.bobs);
    tick();
    assertEquals(ExecutionStatus.QUEUED, yard.row(bobs.id()).status());
    tick();
    assertEquals(Optional.of("its plugin is missing"), yard.row(stuck.id()).waiting());
    yard.desk.blobs.awayByName.clear();
    until(() -> yard.row(stuck.id()).status() == ExecutionStatus.QUEUED);
  }

  @Test
  void commitsThatPackForLongHoldNoOtherProject() {
    for (int i = 0; i < 10; i++) {
      unarchived(yard.desk.ada, yard.desk.adas, Slow.HANGS + i);
    }
    Execution bobs = unarchived(yard.desk.bob, yard.desk.bobs, "quick");
    until(() -> yard.row(bobs.id()).status() == ExecutionStatus.QUEUED);
    assertTrue(source.hanging() <= 2, source.hanging() + " of one project");
  }

  @Test
  void manyCommitsThatStepAsideHideNoNewerOne() {
    yard.worker("without containers");
    for (int i = 0; i < 20; i++) {
      unarchived(yard.desk.ada, yard.desk.adas, Slow.AWAY + i);
    }
    yard.desk.clock.now = yard.desk.clock.now.plusSeconds(1);
    Execution newer = unarchived(yard.desk.ada, yard.desk.adas, "fine");
    Execution archived = created(yard.desk.ada, yard.desk.adas);
    admission.tick();
    assertEquals(ExecutionStatus.QUEUED, yard.row(archived.id()).status());
    // No time passes: what stepped aside stays aside.
    for (int i = 0; i < 2_000 && yard.row(newer.id()).status() != ExecutionStatus.QUEUED; i++) {
      admission.tick();
      LockSupport.parkNanos(5_000_000);
    }
    assertEquals(ExecutionStatus.QUEUED, yard.row(newer.id()).status());
  }

  @Test
  void manyNewRunsOfOneUserLetOthersIn() {
    yard.worker("without containers");
    Crowd.like(yard, created(yard.desk.ada, yard.desk.adas), MANY);
    Execution bobs = created(yard.desk.bob, yard.desk.bobs);
    admission.tick();
    assertEquals(ExecutionStatus.QUEUED, yard.row(bobs.id()).status());
    while (admission.tick()) {
      // Until all are in.
    }
    long count = h2.database().read(s -> s.waiting().count(yard.desk.environment.id()));
    assertEquals(MANY + 2, count);
  }

  @Test
  void aRegistryThatHangsHoldsNoImageOfAnother() {
    admission.close();
    admission =
        admission(
            new Images() {
              @Override
              public Optional<String> resolve(String image) {
                if (image.startsWith("hangs.example")) {
                  await();
                }
                return Optional.of("sha256:1");
              }

              @Override
              public Optional<PullCredentials> credentials(String image) {
                return Optional.empty();
              }
            });
    Execution first = created(yard.desk.ada, yard.desk.adas);
    for (int i = 0; i < 40; i++) {
      Crowd.withImage(yard, first, "hangs.example/x:" + i);
    }
    Execution bobs = created(yard.desk.bob, yard.desk.bobs);
    until(() -> yard.row(bobs.id()).status() == ExecutionStatus.QUEUED);
    assertEquals(Optional.of("sha256:1"), yard.row(bobs.id()).imageDigest());
  }

  @Test
  void aCommitThatCannotBePackedFailsAllItsRuns() {
    Execution one = unarchived(yard.desk.ada, yard.desk.adas, Slow.BROKEN);
    Crowd.like(yard, one, 100);
    until(() -> yard.row(one.id()).status() == ExecutionStatus.ERROR);
    until(
        () ->
            h2.database()
                .read(s -> s.waiting().batches(Optional.empty(), Set.of(), 8, 10))
                .isEmpty());
  }

  @Test
  void whatATickAsksDoesNotGrowWithWhatStepsAside() {
    yard.worker("without containers");
    Execution stuck = unarchivedOn("gone");
    yard.desk.blobs.awayByName.put("gone", "its plugin is missing");
    tick();
    long few = h2.statements(admission::tick);
    Crowd.like(yard, stuck, MANY);
    tick();
    tick();
    assertTrue(h2.statements(admission::tick) <= few + 2);
  }

  @Test
  void rowsOfAnOlderMasterAreAdmittedToo() {
    yard.worker("without containers");
    Execution old = created(yard.desk.ada, yard.desk.adas);
    h2.change("update execution set commit_id = null, upload_store_id = null");
    tick();
    tick();
    assertEquals(ExecutionStatus.QUEUED, yard.row(old.id()).status());
  }

  private void tick() {
    yard.nanos.addAndGet(Duration.ofSeconds(20).toNanos());
    admission.tick();
  }

  private void until(java.util.function.BooleanSupplier so) {
    while (!so.getAsBoolean()) {
      tick();
      LockSupport.parkNanos(5_000_000);
    }
  }

  private Execution created(Actor actor, Project project) {
    ExecutionId id = yard.desk.run(actor, project).execution().id();
    return yard.row(id);
  }

  private Execution unarchivedOn(String store) {
    Execution like = unarchived(yard.desk.ada, yard.desk.adas, "c".repeat(40));
    Execution stuck = Crowd.createdOn(yard, like, store);
    yard.desk.change(like.id(), c -> c.status(ExecutionStatus.STOPPED));
    return stuck;
  }

  private Execution unarchived(Actor actor, Project project, String identifier) {
    Execution like = created(actor, project);
    CommitId commit = new CommitId(yard.desk.ids.next());
    h2.database()
        .transact(
            s -> {
              s.commits()
                  .insert(
                      new Commit(
                          commit,
                          project.id(),
                          identifier,
                          false,
                          List.of("main"),
                          "",
                          yard.desk.clock.now,
                          yard.desk.clock.now,
                          "valohai.yaml",
                          Optional.empty(),
                          Optional.<CodeArchive>empty()));
              return true;
            });
    Execution made = Crowd.ofCommit(yard, like, commit);
    yard.desk.change(like.id(), c -> c.status(ExecutionStatus.STOPPED));
    return made;
  }

  private void await() {
    try {
      over.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private final class Slow extends NoSource {
    static final String HANGS = "hangs";
    static final String BROKEN = "broken";
    static final String AWAY = "away";
    private final List<String> hanging = new ArrayList<>();

    synchronized int hanging() {
      return hanging.size();
    }

    @Override
    public void archive(ProjectId project, String commit, OutputStream tar)
        throws IOException, SourceException {
      if (commit.startsWith(HANGS)) {
        synchronized (this) {
          hanging.add(commit);
        }
        await();
      }
      if (commit.startsWith(AWAY)) {
        throw new SourceException(SourceException.Code.UNAVAILABLE, "it does not answer");
      }
      if (commit.equals(BROKEN)) {
        throw new SourceException(SourceException.Code.NOT_FOUND, "it is gone");
      }
      tar.write(new byte[1_024]);
    }
  }
}
