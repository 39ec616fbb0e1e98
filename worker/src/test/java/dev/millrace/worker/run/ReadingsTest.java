package dev.millrace.worker.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How often a worker ended over a run. Each {@code Readings} here is a worker of its own. */
@Timeout(60)
class ReadingsTest {
  @TempDir Path folder;

  @Test
  void aRunOverWhichThreeWorkersEndedIsGivenUpAndStaysSo() throws Exception {
    for (int i = 0; i < 3; i++) {
      assertFalse(new Readings().begin(folder).givenUp());
    }
    for (int i = 0; i < 2; i++) {
      try (Readings.Reading reading = new Readings().begin(folder)) {
        assertTrue(reading.givenUp());
      }
    }
  }

  @Test
  void whatEndedWellOrMadeProgressOrWasStoppedInGoodOrderIsNotCounted() throws Exception {
    for (int i = 0; i < 9; i++) {
      Readings worker = new Readings();
      Readings.Reading reading = worker.begin(folder);
      assertFalse(reading.givenUp());
      switch (i % 3) {
        case 0 -> reading.close();
        case 1 -> reading.harmless();
        default -> worker.end();
      }
    }
  }

  @Test
  void anErrorCountsAlthoughTheReadingIsClosed() throws Exception {
    for (int i = 0; i < 3; i++) {
      try (Readings.Reading reading = new Readings().begin(folder)) {
        assertFalse(reading.givenUp());
        reading.broke();
      }
    }
    assertTrue(new Readings().begin(folder).givenUp());
  }

  @Test
  void twoThatAreSuspectedAreReadOneAfterTheOther() throws Exception {
    Path one = Files.createDirectory(folder.resolve("one"));
    Path two = Files.createDirectory(folder.resolve("two"));
    Path innocent = Files.createDirectory(folder.resolve("innocent"));
    Readings first = new Readings();
    first.begin(one);
    first.begin(two);
    Readings second = new Readings();
    Readings.Reading reading = second.begin(one);
    second.begin(innocent).close();
    CountDownLatch begun = new CountDownLatch(1);
    Thread waits =
        new Thread(
            () -> {
              try (Readings.Reading other = second.begin(two)) {
                begun.countDown();
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    waits.start();
    while (waits.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    assertEquals(1, begun.getCount());
    reading.close();
    begun.await();
    waits.join();
  }
}
