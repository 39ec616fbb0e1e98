package dev.millrace.worker.run;

import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Uploads files that user code makes read-only while it still runs, and removes them. */
final class LiveOutputs {
  private static final Logger LOG = LoggerFactory.getLogger(LiveOutputs.class);

  private final OutputTree tree;
  private final Uploader uploader;
  private final UploadJournal journal;
  private final Consumer<String> status;
  private final Supplier<OutputList> lists;
  private final AtomicBoolean busy = new AtomicBoolean();
  private final Set<String> failed = new HashSet<>();

  LiveOutputs(
      OutputTree tree,
      Uploader uploader,
      UploadJournal journal,
      Consumer<String> status,
      Supplier<OutputList> lists) {
    this.tree = tree;
    this.uploader = uploader;
    this.journal = journal;
    this.status = status;
    this.lists = lists;
  }

  /** Looks once, on a thread of its own; a look that still goes on is not doubled. */
  void look() {
    if (!busy.compareAndSet(false, true)) {
      return;
    }
    Thread thread =
        new Thread(
            () -> {
              try {
                once();
              } catch (IOException e) {
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

  /** Waits until a look that goes on has ended. */
  void await() throws InterruptedException {
    while (busy.get()) {
      Thread.sleep(20);
    }
  }

  private void once() throws IOException, InterruptedException {
    Remarks unsaid = new Remarks(line -> {});
    Remarks remarks = new Remarks(status);
    try (OutputList ready = lists.get();
        SidecarMetadata metadata = new SidecarMetadata(tree, unsaid)) {
      tree.list(e -> e.readOnly() && !failed.contains(e.path()), ready, unsaid);
      if (ready.count() == 0) {
        return;
      }
      metadata.index(ready);
      uploader.upload(ready, metadata, remarks);
      for (OutputTree.Entry entry : ready) {
        if (journal.done(entry)) {
          tree.remove(entry.steps());
        } else {
          failed.add(entry.path());
        }
      }
    } finally {
      remarks.end();
    }
  }
}
