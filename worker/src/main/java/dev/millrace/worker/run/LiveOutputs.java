package dev.millrace.worker.run;

import dev.millrace.worker.wire.MasterException;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Uploads files that user code makes read-only while it still runs, and removes them; only such as
 * are whole.
 */
final class LiveOutputs {
  private static final Logger LOG = LoggerFactory.getLogger(LiveOutputs.class);
  private static final int MOST_TRIES = 5;
  private static final long AGAIN_NANOS = Duration.ofMinutes(1).toNanos();

  private final OutputTree tree;
  private final Uploader uploader;
  private final UploadJournal journal;
  private final Consumer<String> status;
  private final Supplier<OutputList> lists;
  private final Standing standing;
  private final AtomicBoolean busy = new AtomicBoolean();
  private final Map<Long, Failed> failed = new HashMap<>();
  private final Map<Long, Object> keys = new HashMap<>();
  private volatile boolean ending;

  private record Failed(int times, long at) {
    /** Not at once and not for ever: the end of the run is another chance. */
    boolean again() {
      return times < MOST_TRIES && System.nanoTime() - at > AGAIN_NANOS;
    }
  }

  /** {@code uploader} makes one that has as much time as it is told. */
  LiveOutputs(
      OutputTree tree,
      Function<Urgency, Uploader> uploader,
      UploadJournal journal,
      Consumer<String> status,
      Supplier<OutputList> lists,
      Standing standing,
      Urgency run) {
    this.tree = tree;
    this.uploader = uploader.apply(whileRunning(run));
    this.journal = journal;
    this.status = status;
    this.lists = lists;
    this.standing = standing;
  }

  /** Looks once, on a thread of its own; a look that still goes on is not doubled. */
  void look() {
    if (ending || !busy.compareAndSet(false, true)) {
      return;
    }
    Thread thread =
        new Thread(
            () -> {
              try {
                once();
              } catch (IOException | RuntimeException e) {
                LOG.debug("live outputs wait error={}", e.toString());
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              } finally {
                busy.set(false);
              }
            },
            "live-outputs");
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * Nothing new begins and nothing waits any more; returns when what is on its way has come to its
   * end. What was not taken is an output like all others.
   */
  void end() throws InterruptedException {
    ending = true;
    while (busy.get()) {
      Thread.sleep(20);
    }
    uploader.close();
  }

  private Urgency whileRunning(Urgency run) {
    return new Urgency() {
      @Override
      public boolean mayWait() {
        return !ending && run.mayWait();
      }

      @Override
      public boolean cut() {
        return run.cut();
      }

      @Override
      public void check() throws MasterException {
        run.check();
      }
    };
  }

  private void once() throws IOException, InterruptedException {
    Remarks unsaid = new Remarks(line -> {});
    Remarks remarks = new Remarks(status);
    try (OutputList ready = lists.get();
        SidecarMetadata metadata = new SidecarMetadata(tree, unsaid)) {
      standing.begin();
      tree.list(
          (file, key) ->
              file.readOnly() && mayTry(file) && standing.whole(file, key) && known(file, key),
          ready,
          unsaid);
      if (ready.count() == 0) {
        return;
      }
      metadata.index(ready);
      uploader.upload(ready, metadata, remarks);
      for (OutputTree.Entry entry : ready) {
        if (journal.done(entry)) {
          if (tree.remove(entry, keys.get(print(entry)))) {
            keys.remove(print(entry));
          }
        } else {
          failed.merge(
              print(entry),
              new Failed(1, System.nanoTime()),
              (before, now) -> new Failed(before.times() + 1, now.at()));
        }
      }
    } finally {
      remarks.end();
    }
  }

  /** Which file of the machine is being sent; another that looks the same has not been sent. */
  private boolean known(OutputTree.Entry file, @Nullable Object key) {
    if (key != null) {
      keys.putIfAbsent(print(file), key);
    }
    return true;
  }

  private boolean mayTry(OutputTree.Entry file) {
    Failed before = failed.get(print(file));
    return before == null || before.again();
  }

  /** The file as it was found: changed, it may be taken after all. */
  private static long print(OutputTree.Entry file) {
    return Fingerprints.of(file.path() + "\n" + file.size() + "\n" + file.modifiedMicros());
  }
}
