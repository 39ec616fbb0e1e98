package dev.millrace.worker.run;

import dev.millrace.worker.http.HttpClient;
import dev.millrace.worker.wire.Master;
import dev.millrace.worker.wire.Secret;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;

/** Puts output files into the store and reports them, many at once, hashed as they go. */
final class Uploader implements AutoCloseable {

  /** Whose files these are. */
  record Target(Master master, HttpClient store, String executionId, Secret lease) {}

  /**
   * How long one file is tried.
   *
   * @param passing while a store or the master is away
   * @param broken while the other side breaks on it
   */
  record Patience(Duration passing, Duration broken) {
    static final Patience STANDARD = new Patience(Duration.ofHours(24), Duration.ofMinutes(10));

    /** While the run goes on others come after it, and its end is another chance. */
    static final Patience LIVE = new Patience(Duration.ofSeconds(20), Duration.ofSeconds(20));

    Duration with(Failure failure) {
      return failure == Failure.BROKEN ? broken : passing;
    }
  }

  final Target target;
  final OutputTree tree;
  final UploadJournal journal;
  final Consumer<String> status;
  final Urgency urgency;
  final Patience patience;
  final ExecutorService pool;

  Uploader(
      Target target,
      OutputTree tree,
      UploadJournal journal,
      Consumer<String> status,
      Urgency urgency,
      Patience patience) {
    this.target = target;
    this.tree = tree;
    this.journal = journal;
    this.status = status;
    this.urgency = urgency;
    this.patience = patience;
    this.pool =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "upload-" + target.executionId());
              thread.setDaemon(true);
              return thread;
            });
  }

  /** Uploads and reports files; what goes wrong is remarked on, for each file. */
  void upload(Iterable<OutputTree.Entry> files, SidecarMetadata metadata, Remarks remarks)
      throws IOException, InterruptedException {
    new UploadPass(this, metadata, remarks).run(files);
  }

  @Override
  public void close() {
    pool.shutdownNow();
  }
}
