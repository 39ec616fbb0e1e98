package dev.millrace.worker.run;

import com.fasterxml.jackson.databind.util.RawValue;
import dev.millrace.worker.http.HttpAnswer;
import dev.millrace.worker.http.HttpBody;
import dev.millrace.worker.http.HttpCall;
import dev.millrace.worker.http.HttpClient;
import dev.millrace.worker.transfer.Hashes;
import dev.millrace.worker.wire.Backoff;
import dev.millrace.worker.wire.Master;
import dev.millrace.worker.wire.MasterException;
import dev.millrace.worker.wire.Secret;
import dev.millrace.worker.wire.SignedRequest;
import dev.millrace.worker.wire.Wire;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Puts output files into the store and reports them, several at once, hashed as they go. */
final class Uploader implements AutoCloseable {
  private static final Duration STALL = Duration.ofMinutes(2);
  private static final Duration PATIENCE = Duration.ofHours(24);
  private static final int BATCH = 64;
  private static final int PARALLEL = 4;
  private static final int REFUSALS = 4;
  private static final String LOST = "outputs that were not kept";
  private static final String UNNAMED = "outputs whose names cannot be kept";

  /** Whose files these are. */
  record Target(Master master, HttpClient store, String executionId, Secret lease) {}

  private record Sent(OutputTree.Entry entry, Wire.Output output) {}

  private final Target target;
  private final OutputTree tree;
  private final UploadJournal journal;
  private final Consumer<String> status;
  private final BooleanSupplier over;
  private final MasterCalls calls;
  private final ExecutorService pool;
  private @Nullable String limit;
  private @Nullable String firstOver;
  private long countOver;

  Uploader(
      Target target,
      OutputTree tree,
      UploadJournal journal,
      Consumer<String> status,
      BooleanSupplier over) {
    this.target = target;
    this.tree = tree;
    this.journal = journal;
    this.status = status;
    this.over = over;
    this.calls = new MasterCalls(target.executionId(), over);
    this.pool =
        Executors.newFixedThreadPool(
            PARALLEL,
            task -> {
              Thread thread = new Thread(task, "upload-" + target.executionId());
              thread.setDaemon(true);
              return thread;
            });
  }

  /** Uploads and reports files; what goes wrong is remarked on, for each file. */
  void upload(Iterable<OutputTree.Entry> files, SidecarMetadata metadata, Remarks problems)
      throws IOException, InterruptedException {
    List<OutputTree.Entry> open = new ArrayList<>();
    for (OutputTree.Entry file : files) {
      if (journal.done(file)) {
        continue;
      }
      if (file.path().chars().anyMatch(c -> c < 0x20 || c == 0x7f || c == 0xfffd)) {
        problems.problem(
            UNNAMED,
            shown(file) + " was not uploaded: its name has control characters. Rename it.");
      } else if (limit != null) {
        overLimit(List.of(file));
      } else if (open.add(file) && open.size() == BATCH) {
        batch(open, metadata, problems);
        overLimit(open);
        open.clear();
      }
    }
    if (limit == null && !open.isEmpty()) {
      batch(open, metadata, problems);
      overLimit(open);
    }
    if (firstOver != null) {
      problems.problem(
          LOST,
          firstOver
              + (countOver > 1 ? " and " + (countOver - 1) + " more were" : " was")
              + " not uploaded: "
              + limit);
    }
  }

  private void overLimit(List<OutputTree.Entry> files) {
    for (OutputTree.Entry file : files) {
      if (limit != null && !journal.done(file)) {
        firstOver = firstOver == null ? shown(file) : firstOver;
        countOver++;
      }
    }
  }

  private void batch(List<OutputTree.Entry> files, SidecarMetadata metadata, Remarks problems)
      throws IOException, InterruptedException {
    Map<OutputTree.Entry, SignedRequest> places = places(files, problems);
    Map<OutputTree.Entry, Future<Sent>> sending = new HashMap<>();
    places.forEach(
        (file, place) ->
            sending.put(file, pool.submit(() -> send(file, place, metadata.of(file)))));
    List<Sent> sent = new ArrayList<>();
    for (Map.Entry<OutputTree.Entry, Future<Sent>> one : sending.entrySet()) {
      try {
        sent.add(one.getValue().get());
      } catch (ExecutionException e) {
        if (e.getCause() instanceof MasterException.LeaseGone gone) {
          throw gone;
        }
        if (over.getAsBoolean()) {
          throw new IOException("the run is over");
        }
        Throwable cause = e.getCause() == null ? e : e.getCause();
        problems.problem(LOST, shown(one.getKey()) + " was not uploaded: " + cause.getMessage());
      }
    }
    report(sent, problems);
  }

  /** Asks for a place for each; when the master refuses the batch, each is asked for alone. */
  private Map<OutputTree.Entry, SignedRequest> places(
      List<OutputTree.Entry> files, Remarks problems) throws IOException, InterruptedException {
    Map<OutputTree.Entry, SignedRequest> places = new HashMap<>();
    try {
      Map<String, OutputTree.Entry> byId = new HashMap<>();
      for (OutputTree.Entry file : files) {
        byId.put(journal.id(file), file);
      }
      for (Wire.UploadTarget place : ask(files)) {
        OutputTree.Entry file = byId.get(place.uploadId());
        if (file != null) {
          places.put(file, place.request());
        }
      }
    } catch (MasterException e) {
      if (e.status() != 413 && e.status() != 422) {
        throw e;
      }
      if (files.size() == 1 && e.code().equals("output_limit")) {
        limit = e.getMessage();
      } else if (files.size() == 1) {
        problems.problem(LOST, shown(files.get(0)) + " was not uploaded: " + e.getMessage());
      } else {
        for (OutputTree.Entry file : files) {
          if (limit == null) {
            places.putAll(places(List.of(file), problems));
          }
        }
      }
    }
    return places;
  }

  private List<Wire.UploadTarget> ask(List<OutputTree.Entry> files)
      throws IOException, InterruptedException {
    List<Wire.UploadFile> wanted = new ArrayList<>();
    for (OutputTree.Entry file : files) {
      wanted.add(new Wire.UploadFile(journal.id(file), file.path(), file.size()));
    }
    return calls.until(
        "uploads",
        PATIENCE,
        () -> target.master().uploads(target.executionId(), target.lease(), wanted));
  }

  private Sent send(OutputTree.Entry file, SignedRequest first, @Nullable RawValue said)
      throws IOException, InterruptedException {
    Backoff backoff = Backoff.standard();
    long end = System.nanoTime() + PATIENCE.toNanos();
    SignedRequest place = first;
    int refusals = 0;
    while (true) {
      IOException problem;
      try {
        FileBody body = new FileBody(file);
        int code = put(place, body);
        if (code / 100 == 2) {
          return new Sent(file, output(file, body.hashes(), said));
        }
        problem = new IOException("the store answered " + code);
        if (code / 100 == 4 && code != 408 && code != 429 && ++refusals >= REFUSALS) {
          throw new IOException(
              "the store answered " + code + ". Look at the store's permissions and space.");
        }
      } catch (ChangedException e) {
        throw e;
      } catch (IOException e) {
        if (refusals >= REFUSALS) {
          throw e;
        }
        problem = e;
      }
      if (over.getAsBoolean() || System.nanoTime() - end > 0) {
        throw problem;
      }
      Thread.sleep(backoff.next().toMillis());
      place = ask(List.of(file)).get(0).request();
    }
  }

  private int put(SignedRequest place, FileBody body) throws IOException {
    Map<String, String> headers = place.headers() == null ? Map.of() : place.headers();
    HttpCall call = new HttpCall(place.method(), URI.create(place.url()), headers, body, STALL);
    try (HttpAnswer answer = target.store().send(call)) {
      return answer.status();
    }
  }

  private Wire.Output output(OutputTree.Entry file, Hashes hashes, @Nullable RawValue said)
      throws IOException {
    return new Wire.Output(
        journal.id(file),
        file.path(),
        hashes.size(),
        hashes.md5(),
        hashes.sha1(),
        hashes.sha256(),
        file.createdMicros(),
        file.modifiedMicros(),
        said);
  }

  private void report(List<Sent> sent, Remarks problems) throws IOException, InterruptedException {
    if (sent.isEmpty()) {
      return;
    }
    List<Wire.Output> outputs = sent.stream().map(Sent::output).toList();
    try {
      calls.until(
          "outputs",
          PATIENCE,
          () -> {
            target.master().outputs(target.executionId(), target.lease(), outputs);
            return true;
          });
    } catch (MasterException e) {
      if (e.status() == 410) {
        throw e;
      }
      for (Sent one : sent) {
        if (e.uploads().isEmpty() || e.uploads().contains(one.output().uploadId())) {
          problems.problem(LOST, shown(one.entry()) + " was not recorded: " + e.getMessage());
        }
      }
      return;
    }
    for (Sent one : sent) {
      journal.finished(one.entry());
      Wire.Output output = one.output();
      status.accept(
          "Output %s uploaded (%d bytes, sha256 %s)"
              .formatted(output.path(), output.size(), output.sha256()));
    }
  }

  private static String shown(OutputTree.Entry file) {
    return "Output '" + file.path().replaceAll("\\p{Cntrl}", "?") + "'";
  }

  /** The file is not what it was when it was found. */
  private static final class ChangedException extends IOException {
    private static final long serialVersionUID = 1L;

    ChangedException() {
      super("it changed while it was read. Write it whole before it is made read-only.");
    }
  }

  private final class FileBody implements HttpBody {
    private final OutputTree.Entry file;
    private final Hashes.Running running = new Hashes.Running();

    FileBody(OutputTree.Entry file) {
      this.file = file;
    }

    @Override
    public long length() {
      return file.size();
    }

    @Override
    public void writeTo(OutputStream out) throws IOException {
      running.reset();
      byte[] buffer = new byte[131_072];
      try (SeekableByteChannel in = tree.open(file.steps())) {
        if (in.size() != file.size()) {
          throw new ChangedException();
        }
        while (running.size() < file.size()) {
          int wanted = (int) Math.min(buffer.length, file.size() - running.size());
          int n = in.read(ByteBuffer.wrap(buffer, 0, wanted));
          if (n < 0) {
            throw new ChangedException();
          }
          running.update(buffer, 0, n);
          out.write(buffer, 0, n);
        }
      }
    }

    Hashes hashes() throws ChangedException {
      if (running.size() != file.size()) {
        throw new ChangedException();
      }
      return running.finish();
    }
  }

  @Override
  public void close() {
    pool.shutdownNow();
  }
}
