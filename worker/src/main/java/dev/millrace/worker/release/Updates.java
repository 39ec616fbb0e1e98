package dev.millrace.worker.release;

import dev.millrace.worker.http.HttpClient;
import dev.millrace.worker.transfer.Download;
import dev.millrace.worker.transfer.Hashes;
import dev.millrace.worker.wire.SignedRequest;
import dev.millrace.worker.wire.Wire;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the release that the master wants: loads it, checks its hash, lets it try itself beside
 * this worker, and says when it is time to change over. What fails leaves this release at work.
 */
public final class Updates {
  private static final Logger LOG = LoggerFactory.getLogger(Updates.class);
  private static final Duration LOAD = Duration.ofMinutes(30);
  private static final Duration TRY = Duration.ofSeconds(60);
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(15);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(10);
  private static final long MOST_BYTES = 1L << 30;
  private static final int HASHES = 3;

  /** The exit code of {@code check} where the master does not answer. */
  public static final int AWAY = 69;

  /** How long no new runs are taken so that the others end, and how long they are then taken. */
  private static final long HOLD = Duration.ofMinutes(10).toNanos();

  private static final long GO_ON = Duration.ofHours(6).toNanos();

  /** Starts a program of a release with {@code check}. */
  public record Trial(List<String> arguments, boolean restarted) {}

  private final Releases releases;
  private final HttpClient http;
  private final String running;
  private final Trial trial;
  private Wire.@Nullable Release wanted;
  private boolean ready;
  private boolean refused;
  private long readySince;
  private boolean working;
  private long again = System.nanoTime();
  private Duration pause = FIRST_PAUSE;
  private int wrongHashes;
  private @Nullable String trouble;

  /**
   * {@code folder} keeps the releases, {@code running} is the version of this worker; nothing is
   * loaded where {@code trial} says that nobody starts this worker again.
   */
  public Updates(Path folder, HttpClient http, String running, Trial trial) {
    this.releases = new Releases(folder);
    this.http = http;
    this.running = running;
    this.trial = trial;
  }

  /** The version of this worker. */
  public String running() {
    return running;
  }

  /** This worker has beaten: it is not on trial any more. */
  public void confirm() throws IOException {
    releases.confirm();
  }

  /** What the master said with a beat; null where it wants the release that runs. */
  public synchronized void wanted(Wire.@Nullable Release release) {
    Wire.Release before = wanted;
    wanted = release;
    if (release == null) {
      ready = false;
      trouble = null;
      return;
    }
    if (before == null || !before.sha256().equals(release.sha256())) {
      LOG.info("release wanted version={} running={}", release.version(), running);
      ready = false;
      refused = false;
      wrongHashes = 0;
      pause = FIRST_PAUSE;
      again = System.nanoTime();
      trouble = null;
    }
    if (!trial.restarted()) {
      trouble =
          "Release "
              + release.version()
              + " is wanted, but nobody starts this worker again when it ends. Start it with"
              + " 'keep' instead of 'run', or join anew.";
    } else if (!ready && !refused && !working && System.nanoTime() - again >= 0) {
      working = true;
      Thread thread = new Thread(() -> follow(release), "update");
      thread.setDaemon(true);
      thread.start();
    }
  }

  /** Why the wanted release is not used, or null. */
  public synchronized @Nullable String trouble() {
    return trouble;
  }

  /** Whether the wanted release is there and has tried itself. */
  public synchronized boolean ready() {
    return ready;
  }

  /**
   * Why no new runs are taken, or null: ten minutes at a time, so that neither a long run keeps the
   * update away from all others nor the update the runs from a machine.
   */
  public synchronized @Nullable String holding() {
    Wire.Release release = wanted;
    if (!ready || release == null || (System.nanoTime() - readySince) % (HOLD + GO_ON) > HOLD) {
      return null;
    }
    return "It changes over to release " + release.version() + " when its runs have ended.";
  }

  /** Makes the next start one of the wanted release. */
  public synchronized void changeOver() throws IOException {
    Wire.Release release = wanted;
    if (ready && release != null) {
      releases.use(release);
      LOG.info("worker changes over from={} to={}", running, release.version());
    }
  }

  private void follow(Wire.Release release) {
    String problem = null;
    boolean never = false;
    try {
      if (releases.uses(release)) {
        problem = "Release " + release.version() + " is in use, but calls itself " + running + ".";
        never = true;
      } else if (releases.refused(release)) {
        problem = not(release, "it did not start");
        never = true;
      } else {
        Optional<Path> there = releases.installed(release);
        String fault = attempt(there.isPresent() ? there.get() : load(release));
        if (fault != null) {
          releases.refuse(release);
          problem = not(release, "it did not start: " + fault);
          never = true;
        }
      }
    } catch (WrongHash e) {
      problem = not(release, String.valueOf(e.getMessage()));
      never = ++wrongHashes >= HASHES;
    } catch (IOException | RuntimeException e) {
      problem = not(release, e.getMessage() == null ? e.toString() : e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      problem = not(release, "the worker is ending");
    }
    told(release, problem, never);
  }

  private static String not(Wire.Release release, String why) {
    return "Release " + release.version() + " is not used: " + why;
  }

  private synchronized void told(Wire.Release release, @Nullable String problem, boolean never) {
    working = false;
    Wire.Release now = wanted;
    if (now == null || !now.sha256().equals(release.sha256())) {
      return;
    }
    trouble = problem;
    refused = never;
    ready = problem == null;
    if (ready) {
      readySince = System.nanoTime();
      LOG.info("release ready version={}", release.version());
      return;
    }
    LOG.warn("{}{}", problem, never ? "" : "; it is tried again");
    again = System.nanoTime() + pause.toNanos();
    Duration next = pause.multipliedBy(2);
    pause = next.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : next;
  }

  /** What came is not what the master announced. */
  private static final class WrongHash extends IOException {
    private static final long serialVersionUID = 1L;

    WrongHash(String message) {
      super(message);
    }
  }

  private Path load(Wire.Release release) throws IOException, InterruptedException {
    Path archive = releases.incoming();
    long end = System.nanoTime() + LOAD.toNanos();
    try {
      Hashes hashes =
          new Download(
                  http,
                  () ->
                      System.nanoTime() - end > 0
                          || archive.toFile().length() > MOST_BYTES
                          || Thread.currentThread().isInterrupted())
              .fetch(new SignedRequest("GET", release.url(), Map.of(), 0), archive);
      if (!hashes.sha256().equals(release.sha256())) {
        throw new WrongHash("its SHA-256 is " + hashes.sha256() + ", not " + release.sha256());
      }
      return releases.install(release, archive);
    } finally {
      Files.deleteIfExists(archive);
    }
  }

  /** Has the release speak to the master from this machine; what went wrong, or null. */
  private @Nullable String attempt(Path program) throws IOException, InterruptedException {
    List<String> command = new java.util.ArrayList<>(List.of(program.toString(), "check"));
    command.addAll(trial.arguments());
    Path said = releases.incoming().resolveSibling("check.log");
    Process process;
    try {
      process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectInput(Path.of("/dev/null").toFile())
              .redirectOutput(said.toFile())
              .start();
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    }
    try {
      if (!process.waitFor(TRY.toSeconds(), TimeUnit.SECONDS)) {
        return "it did not end its check within " + TRY.toSeconds() + " s";
      }
      if (process.exitValue() == AWAY) {
        throw new IOException("it was tried while the master did not answer");
      }
      return process.exitValue() == 0 ? null : Releases.lastLine(said);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      Files.deleteIfExists(said);
    }
  }
}
