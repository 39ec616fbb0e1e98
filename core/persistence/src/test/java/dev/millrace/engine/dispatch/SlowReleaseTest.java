package dev.millrace.engine.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.millrace.engine.domain.Worker;
import dev.millrace.persistence.H2Database;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A release that is on its way into a slow store makes nobody wait. */
@Timeout(120)
class SlowReleaseTest {
  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private Yard yard;

  @BeforeEach
  void open() throws Exception {
    yard = new Yard(h2.database(), folder);
    Files.createDirectories(folder.resolve("worker"));
    Files.writeString(folder.resolve("worker/millrace-worker-0.0.9-linux-amd64.tar.gz"), "new");
  }

  @Test
  void claimsAndBeatsAreAnsweredWhileTheStoreTakesItsTime() throws Exception {
    yard.queued();
    Worker worker = yard.worker("one");
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch over = new CountDownLatch(1);
    yard.desk.blobs.slow =
        () -> {
          asked.countDown();
          try {
            over.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        };
    Thread loop = new Thread(yard.releases::refresh);
    loop.start();
    try {
      asked.await();
      assertEquals(true, yard.claim(worker).isPresent());
      assertNull(beat(worker).wantedRelease());
    } finally {
      over.countDown();
    }
    loop.join();
    assertNotNull(beat(yard.worker("two")).wantedRelease(), "from here on it is offered");
  }

  @Test
  void aReleaseThatTheStoreHasLostIsNotOffered() {
    yard.releases.refresh();
    Worker worker = yard.worker("one");
    assertNotNull(beat(worker).wantedRelease());
    yard.desk.blobs.away = Optional.of("its plugin is missing");
    yard.nanos.addAndGet(java.time.Duration.ofMinutes(2).toNanos());
    yard.releases.refresh();
    assertNull(beat(worker).wantedRelease());
  }

  private Messages.Orders beat(Worker worker) {
    return yard.leases.beat(worker, new Messages.Beat(0, List.of(), 1, null, null, null, null));
  }
}
