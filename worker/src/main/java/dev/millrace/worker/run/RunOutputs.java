package dev.millrace.worker.run;

import dev.millrace.worker.runtime.RunFolder;
import dev.millrace.worker.wire.Assignment;
import dev.millrace.worker.wire.Backoff;
import dev.millrace.worker.wire.MasterException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The outputs of one run: those taken while it runs, and all that are there at its end. */
final class RunOutputs {
  private static final Logger LOG = LoggerFactory.getLogger(RunOutputs.class);
  private static final int MOST_BREAKS = 5;

  private final RunContext context;
  private final Assignment assignment;
  private final RunFolder folder;
  private final Consumer<String> status;
  private final Urgency ending;
  private @Nullable LiveOutputs live;

  RunOutputs(
      RunContext context,
      Assignment assignment,
      RunFolder folder,
      Consumer<String> status,
      RunOrders orders) {
    this.context = context;
    this.assignment = assignment;
    this.folder = folder;
    this.status = status;
    this.ending = ending(orders, Duration.ofSeconds(assignment.limits().stopGraceSeconds()));
  }

  /** Outputs that are taken from now on, until {@link #upload} looks at all that are left. */
  LiveOutputs live() throws IOException, InterruptedException {
    endLive();
    OutputTree tree = new OutputTree(folder.outputs());
    UploadJournal journal = journal();
    OpenFiles processes =
        new OpenFiles(Path.of("/proc"), "MILLRACE_RUN=" + assignment.executionId());
    LiveOutputs started =
        new LiveOutputs(
            tree,
            urgency -> uploader(tree, journal, urgency, Uploader.Patience.LIVE),
            journal,
            status,
            () -> list("live.list"),
            new Standing(Standing.Times.STANDARD, processes::look, System::nanoTime),
            ending);
    live = started;
    return started;
  }

  /**
   * Uploads what is there; answers what went wrong in words, null when all is recorded. What breaks
   * is tried some times, and then the run ends without its outputs; what may pass, such as a full
   * disk of the worker, is waited for. {@code read} hears when the outputs have been looked at.
   */
  @Nullable String upload(Runnable read) throws IOException, InterruptedException {
    endLive();
    Backoff backoff = Backoff.standard();
    int breaks = 0;
    String told = "";
    while (true) {
      try {
        return once(read);
      } catch (IOException | RuntimeException e) {
        ending.check();
        Failure failure = Failure.of(e);
        if (failure == Failure.OVER) {
          throw e;
        }
        LOG.error("outputs broke execution={}", assignment.executionId(), e);
        if (failure != Failure.PASSING && ++breaks > MOST_BREAKS || !ending.mayWait()) {
          String words = "The outputs could not be uploaded: " + e.getMessage();
          status.accept(words);
          return words;
        }
        String waits = "Outputs wait for the worker's disk: " + e.getMessage();
        if (failure == Failure.PASSING && !waits.equals(told)) {
          told = waits;
          status.accept(waits);
        }
        Thread.sleep(backoff.next().toMillis());
      }
    }
  }

  private @Nullable String once(Runnable read) throws IOException, InterruptedException {
    if (!Files.isDirectory(folder.outputs(), LinkOption.NOFOLLOW_LINKS)) {
      return Files.exists(folder.outputs(), LinkOption.NOFOLLOW_LINKS)
          ? "The outputs folder was replaced by something else, which is not followed."
          : null;
    }
    OutputTree tree = OutputTree.ofEnded(folder.outputs());
    Remarks remarks = new Remarks(status);
    try (OutputList all = list("outputs.list");
        SidecarMetadata metadata = new SidecarMetadata(tree, remarks);
        Uploader uploader = uploader(tree, journal(), ending, Uploader.Patience.STANDARD)) {
      tree.list(output -> true, all, remarks);
      metadata.index(all);
      read.run();
      uploader.upload(all, metadata, remarks);
    } finally {
      remarks.end();
    }
    return remarks.problems();
  }

  /** What is on its way goes on to its end, but nothing new begins and nothing waits. */
  private void endLive() throws InterruptedException {
    LiveOutputs running = live;
    live = null;
    if (running != null) {
      running.end();
    }
  }

  private OutputList list(String name) {
    return new OutputList(folder.root().resolve(name), assignment.limits().outputFiles() + 1);
  }

  private UploadJournal journal() throws IOException {
    return new UploadJournal(
        folder.root().resolve("uploads.jsonl"), context.json(), context.clock());
  }

  private Uploader uploader(
      OutputTree tree, UploadJournal journal, Urgency urgency, Uploader.Patience patience) {
    return new Uploader(
        new Uploader.Target(
            context.master(), context.store(), assignment.executionId(), assignment.lease()),
        tree,
        journal,
        status,
        urgency,
        patience);
  }

  private static Urgency ending(RunOrders orders, Duration grace) {
    return new Urgency() {
      @Override
      public boolean mayWait() {
        return !orders.abandoned() && !orders.outOfPatience(grace);
      }

      @Override
      public boolean cut() {
        return orders.abandoned() || orders.cut(grace);
      }

      @Override
      public void check() throws MasterException {
        orders.throwIfAbandoned();
      }
    };
  }
}
