package dev.millrace.engine.service;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.artifacts.CodeArchives;
import dev.millrace.engine.domain.CodeArchive;
import dev.millrace.engine.domain.Commit;
import dev.millrace.engine.domain.CommitId;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.settings.Settings;
import dev.millrace.persistence.H2Database;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class CodeArchivesTest {
  /** An archive without members. */
  private static final byte[] TAR = new byte[1_024];

  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;

  @Test
  void aCommitAskedForByManyAtOnceIsPackedOnce() throws Exception {
    Desk desk = new Desk(h2.database(), folder);
    AtomicInteger packed = new AtomicInteger();
    Settings settings = new Settings(n -> n.equals("millrace.data") ? folder.toString() : null);
    CodeArchives archives =
        new CodeArchives(h2.database(), new Counted(packed), desk.blobs, settings);
    CommitId commit = commit(desk, "c".repeat(40));
    int callers = 6;
    ExecutorService threads = Executors.newFixedThreadPool(callers);
    try {
      CyclicBarrier start = new CyclicBarrier(callers);
      List<Future<CodeArchive>> asked = new ArrayList<>();
      for (int i = 0; i < callers; i++) {
        asked.add(
            threads.submit(
                () -> {
                  start.await(60, TimeUnit.SECONDS);
                  return archives.ensure(commit, desk.store);
                }));
      }
      Set<CodeArchive> answers = new HashSet<>();
      for (Future<CodeArchive> one : asked) {
        answers.add(one.get(60, TimeUnit.SECONDS));
      }
      assertEquals(1, answers.size());
      assertEquals(1, packed.get());
      assertArrayEquals(TAR, desk.blobs.held.get(answers.iterator().next().key()));
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aCommitThatIsPackedForLongHoldsNoOther() throws Exception {
    Desk desk = new Desk(h2.database(), folder);
    Settings settings = new Settings(n -> n.equals("millrace.data") ? folder.toString() : null);
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch over = new CountDownLatch(1);
    NoSource source =
        new NoSource() {
          @Override
          public void archive(ProjectId project, String commit, OutputStream tar)
              throws IOException {
            if (commit.equals("hangs")) {
              begun.countDown();
              await(over);
            }
            tar.write(TAR);
          }
        };
    CodeArchives archives = new CodeArchives(h2.database(), source, desk.blobs, settings);
    CommitId hangs = commit(desk, "hangs");
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      Future<CodeArchive> slow = threads.submit(() -> archives.ensure(hangs, desk.store));
      await(begun);
      // More than any number of locks that commits would share.
      for (int i = 0; i < 300; i++) {
        CommitId other = commit(desk, "other" + i);
        threads.submit(() -> archives.ensure(other, desk.store)).get(60, TimeUnit.SECONDS);
      }
      over.countDown();
      slow.get(60, TimeUnit.SECONDS);
    } finally {
      over.countDown();
      threads.shutdownNow();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(60, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private CommitId commit(Desk desk, String identifier) {
    CommitId commit = new CommitId(desk.ids.next());
    h2.database()
        .transact(
            s -> {
              s.commits()
                  .insert(
                      new Commit(
                          commit,
                          desk.adas.id(),
                          identifier,
                          false,
                          List.of("main"),
                          "",
                          desk.clock.instant(),
                          desk.clock.instant(),
                          "valohai.yaml",
                          Optional.empty(),
                          Optional.empty()));
              return true;
            });
    return commit;
  }

  /** A source of one commit, which counts how often it was packed. */
  private static final class Counted extends NoSource {
    private final AtomicInteger packed;

    Counted(AtomicInteger packed) {
      this.packed = packed;
    }

    @Override
    public void archive(ProjectId project, String commit, OutputStream tar) throws IOException {
      packed.incrementAndGet();
      tar.write(TAR);
    }
  }
}
