package dev.millrace.worker.run;

import dev.millrace.worker.runtime.RunFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts how often a worker ended while it read what a run's user had laid down. A run that was
 * being read when a worker ended is read alone the next time, so that the others are not counted
 * with it; one for which that happened three times is not read again.
 */
public final class Readings {
  private static final Logger LOG = LoggerFactory.getLogger(Readings.class);
  private static final int MOST = 3;
  private static final long HARMLESS = Duration.ofMinutes(2).toNanos();

  private final Semaphore alone = new Semaphore(1, true);
  private final Set<Reading> all = ConcurrentHashMap.newKeySet();

  /** One reading, which has ended when it is closed. */
  public final class Reading implements AutoCloseable {
    private final Path file;
    private final long began = System.nanoTime();
    private final int ended;
    private boolean holds;
    private boolean blamed;

    private Reading(Path file, int ended, boolean holds) {
      this.file = file;
      this.ended = ended;
      this.holds = holds;
    }

    /** Whether the worker has ended over it too often. */
    boolean givenUp() {
      return ended >= MOST;
    }

    /** Something of it is done: what may come is not its fault. */
    synchronized void harmless() {
      if (givenUp() || blamed) {
        return;
      }
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        LOG.debug("note stays file={} error={}", file, e.toString());
      }
      release();
    }

    /** It broke this worker, which ends now. */
    synchronized void broke() {
      blamed = true;
    }

    private synchronized void release() {
      all.remove(this);
      if (holds) {
        holds = false;
        alone.release();
      }
    }

    @Override
    public void close() {
      harmless();
      release();
    }
  }

  /**
   * Begins to read what is in a run's folder; waits while another one is read that ended a worker.
   */
  Reading begin(Path folder) throws IOException, InterruptedException {
    Path file = folder.resolve("reading");
    int ended = RunFolder.text(file).map(Readings::number).orElse(0);
    boolean suspect = ended > 0 && ended < MOST;
    if (suspect) {
      LOG.warn("the worker ended while it read this folder={} times={}", folder, ended);
      alone.acquire();
    }
    Reading reading = new Reading(file, ended, suspect);
    all.add(reading);
    if (ended < MOST) {
      Files.writeString(file, Integer.toString(ended + 1), StandardCharsets.UTF_8);
    }
    return reading;
  }

  private static int number(String text) {
    return text.matches("\\d") ? Integer.parseInt(text) : 0;
  }

  /** Readings that have lasted long do no harm; called now and then. */
  public void look() {
    for (Reading reading : all) {
      if (System.nanoTime() - reading.began > HARMLESS) {
        reading.harmless();
      }
    }
  }

  /** The worker ends in good order: that is no reading's fault. */
  public void end() {
    all.forEach(Reading::harmless);
  }
}
