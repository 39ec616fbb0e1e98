package dev.millrace.worker.run;

import dev.millrace.worker.runtime.RunFolder;
import dev.millrace.worker.wire.Assignment;
import java.io.IOException;
import java.nio.file.Files;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The outputs of one run: those taken while it runs, and all that are there at its end. */
final class RunOutputs {
  private final RunContext context;
  private final Assignment assignment;
  private final RunFolder folder;
  private final Consumer<String> status;
  private final RunOrders orders;

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
    this.orders = orders;
  }

  /** What may be done while the run goes on. */
  @FunctionalInterface
  interface Watching {
    void with(LiveOutputs live) throws IOException, InterruptedException;
  }

  /** Watches with outputs that are taken meanwhile; returns when none is on its way any more. */
  void whileRunning(Watching watching) throws IOException, InterruptedException {
    OutputTree tree = new OutputTree(folder.outputs());
    UploadJournal journal = journal();
    try (Uploader uploader = uploader(tree, journal)) {
      LiveOutputs live = new LiveOutputs(tree, uploader, journal, status, () -> list("live.list"));
      watching.with(live);
      live.await();
    }
  }

  /**
   * Uploads what is there; answers what went wrong in words, null when all is recorded. {@code
   * read} hears when the outputs have been looked at.
   */
  @Nullable String upload(Runnable read) throws IOException, InterruptedException {
    if (!Files.isDirectory(folder.outputs())) {
      return null;
    }
    OutputTree tree = new OutputTree(folder.outputs());
    Remarks remarks = new Remarks(status);
    try (OutputList all = list("outputs.list");
        SidecarMetadata metadata = new SidecarMetadata(tree, remarks);
        Uploader uploader = uploader(tree, journal())) {
      tree.list(output -> true, all, remarks);
      metadata.index(all);
      read.run();
      uploader.upload(all, metadata, remarks);
    } finally {
      remarks.end();
    }
    return remarks.problems();
  }

  private OutputList list(String name) {
    return new OutputList(folder.root().resolve(name), assignment.limits().outputFiles() + 1);
  }

  private UploadJournal journal() throws IOException {
    return new UploadJournal(
        folder.root().resolve("uploads.jsonl"), context.json(), context.clock());
  }

  private Uploader uploader(OutputTree tree, UploadJournal journal) {
    return new Uploader(
        new Uploader.Target(
            context.master(), context.store(), assignment.executionId(), assignment.lease()),
        tree,
        journal,
        status,
        orders::abandoned);
  }
}
