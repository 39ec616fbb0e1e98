package dev.millrace.worker.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.worker.runtime.RunFolder;
import dev.millrace.worker.wire.Assignment;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The outputs of one run: those taken while it runs, and all that are there at its end. */
final class RunOutputs {
  private static final int MOST_PROBLEMS = 1_000;

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
      LiveOutputs live = new LiveOutputs(tree, uploader, journal, status);
      watching.with(live);
      live.await();
    }
  }

  /** Uploads what is there; answers what went wrong in words, null when all is recorded. */
  @Nullable String upload() throws IOException, InterruptedException {
    if (!Files.isDirectory(folder.outputs())) {
      return null;
    }
    OutputTree tree = new OutputTree(folder.outputs());
    List<OutputTree.Entry> all;
    try {
      all =
          tree.files(
              odd -> status.accept("Output " + odd + " is skipped: it is not a regular file."));
    } catch (OutputTree.TooManyException e) {
      status.accept(String.valueOf(e.getMessage()));
      return e.getMessage();
    }
    Map<String, ObjectNode> metadata = new SidecarMetadata(tree, status).read(all);
    List<OutputTree.Entry> outputs =
        all.stream().filter(e -> !SidecarMetadata.carrier(e.path())).toList();
    List<String> problems = new ArrayList<>();
    try (Uploader uploader = uploader(tree, journal())) {
      problems.addAll(uploader.upload(outputs, metadata));
    }
    problems.stream().limit(MOST_PROBLEMS).forEach(status);
    return problems.isEmpty()
        ? null
        : String.join(" ", problems.subList(0, 1))
            + (problems.size() > 1 ? " And " + (problems.size() - 1) + " more; see the log." : "");
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
