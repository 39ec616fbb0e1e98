package dev.millrace.worker.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.millrace.worker.http.HttpAnswer;
import dev.millrace.worker.http.HttpCall;
import dev.millrace.worker.transfer.Hashes;
import dev.millrace.worker.wire.MasterException;
import dev.millrace.worker.wire.SignedRequest;
import dev.millrace.worker.wire.Wire;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.DelayQueue;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Brings one list of files into the store and the records. One thread asks for places, some send,
 * and the caller's reports; a file that fails for now waits beside them and holds nobody.
 */
final class UploadPass {
  static final int SENDERS = 16;
  private static final Duration STALL = Duration.ofMinutes(2);
  private static final int BATCH = 256;

  /** How many files are under way at a time. */
  private static final int WINDOW = 1_024;

  private static final int MOST_LOST = 2;
  private static final String LOST = "outputs that were not kept";
  private static final String UNNAMED = "outputs whose names cannot be kept";

  private final Uploader uploader;
  private final SidecarMetadata metadata;
  private final Remarks remarks;
  private final WaitingWords words;
  private final ObjectMapper json = new ObjectMapper();
  private final Set<Upload> open = ConcurrentHashMap.newKeySet();
  private final DelayQueue<Upload> queue = new DelayQueue<>();
  private final LinkedBlockingQueue<Upload> sent = new LinkedBlockingQueue<>();
  private final Semaphore window = new Semaphore(WINDOW);
  private final Brake brake = new Brake(SENDERS);
  private final AtomicReference<Throwable> broken = new AtomicReference<>();
  private volatile boolean fed;
  private volatile boolean closed;

  private volatile @Nullable String limit;
  private @Nullable String firstOver;
  private long over;

  UploadPass(Uploader uploader, SidecarMetadata metadata, Remarks remarks) {
    this.uploader = uploader;
    this.metadata = metadata;
    this.remarks = remarks;
    this.words = new WaitingWords(uploader.target, remarks);
  }

  void run(Iterable<OutputTree.Entry> files) throws IOException, InterruptedException {
    List<Future<?>> threads = new ArrayList<>();
    threads.add(uploader.pool.submit(() -> guarded(() -> feed(files))));
    for (int i = 0; i < SENDERS; i++) {
      threads.add(uploader.pool.submit(() -> guarded(this::send)));
    }
    try {
      report();
    } finally {
      closed = true;
      threads.forEach(thread -> thread.cancel(true));
    }
    tellLimit();
  }

  /** Work of one of the threads. */
  private interface Work {
    void run() throws IOException, InterruptedException;
  }

  private void guarded(Work work) {
    try {
      work.run();
    } catch (IOException | RuntimeException | Error e) {
      // An error as well: the run's own thread hears of it, and ends the worker.
      broken.compareAndSet(null, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void feed(Iterable<OutputTree.Entry> files) throws IOException, InterruptedException {
    List<OutputTree.Entry> batch = new ArrayList<>();
    for (OutputTree.Entry file : files) {
      if (uploader.journal.done(file)) {
        continue;
      }
      if (file.path().chars().anyMatch(c -> c < 0x20 || c == 0x7f || c == 0xfffd)) {
        remarks.problem(
            UNNAMED,
            Upload.shown(file) + " was not uploaded: its name has control characters. Rename it.");
      } else if (limit != null || gaveUp()) {
        overLimit(file);
      } else if (batch.add(file) && batch.size() == BATCH) {
        place(batch);
        batch.clear();
      }
    }
    if (!batch.isEmpty()) {
      place(batch);
    }
    fed = true;
  }

  /** Whether nothing has succeeded for a while, and there is no time to wait. */
  private boolean gaveUp() {
    if (limit == null && brake.failing() && !uploader.urgency.mayWait()) {
      limit = "the run was stopped while its outputs waited.";
    }
    return limit != null;
  }

  private synchronized void overLimit(OutputTree.Entry file) {
    firstOver = firstOver == null ? Upload.shown(file) : firstOver;
    over++;
  }

  private synchronized void tellLimit() {
    if (firstOver != null) {
      remarks.problem(
          LOST,
          firstOver
              + (over > 1 ? " and " + (over - 1) + " more were" : " was")
              + " not uploaded: "
              + limit);
    }
  }

  /** Asks for a place for each; what gets none is asked for alone when it is sent. */
  private void place(List<OutputTree.Entry> files) throws IOException, InterruptedException {
    brake.pass();
    Map<String, OutputTree.Entry> byId = new HashMap<>();
    for (OutputTree.Entry file : files) {
      byId.put(uploader.journal.id(file), file);
    }
    Wire.Uploadable given;
    try {
      given = ask(files);
    } catch (IOException e) {
      if (Failure.of(e) == Failure.OVER) {
        throw e;
      }
      if (Failure.of(e) != Failure.FINAL) {
        brake.failed();
      }
      given = new Wire.Uploadable(List.of(), null, null);
    }
    Map<String, Wire.Unkept> refused = Wire.Unkept.byId(given.refused());
    Map<String, SignedRequest> places = new HashMap<>();
    given.uploads().forEach(place -> places.put(place.uploadId(), place.request()));
    for (Map.Entry<String, OutputTree.Entry> one : byId.entrySet()) {
      Upload upload = new Upload(one.getValue(), places.get(one.getKey()));
      window.acquire();
      open.add(upload);
      Wire.Unkept why = refused.get(one.getKey());
      if (why == null) {
        queue.add(upload);
      } else {
        refused(upload, why);
      }
    }
  }

  private Wire.Uploadable ask(List<OutputTree.Entry> files) throws IOException {
    List<Wire.UploadFile> wanted = new ArrayList<>();
    for (OutputTree.Entry file : files) {
      wanted.add(new Wire.UploadFile(uploader.journal.id(file), file.path(), file.size()));
    }
    return uploader
        .target
        .master()
        .uploads(uploader.target.executionId(), uploader.target.lease(), wanted);
  }

  private void send() throws IOException, InterruptedException {
    while (!closed) {
      Upload upload = queue.poll(100, TimeUnit.MILLISECONDS);
      if (upload == null) {
        continue;
      }
      if (upload.sent != null) {
        sent.add(upload);
        continue;
      }
      brake.pass();
      try {
        if (send(upload)) {
          brake.worked();
          upload.worked();
          sent.add(upload);
        }
      } catch (IOException | RuntimeException e) {
        upload.place = null;
        failed(upload, e, "was not uploaded");
      }
    }
  }

  /** Whether the store has it now; false when nothing is left to do for it. */
  private boolean send(Upload upload) throws IOException {
    SignedRequest place = upload.place == null ? placeOf(upload) : upload.place;
    if (place == null) {
      return false;
    }
    OutputBody body = new OutputBody(uploader.tree, upload.file, uploader.urgency::cut);
    Map<String, String> headers = place.headers() == null ? Map.of() : place.headers();
    HttpCall call = new HttpCall(place.method(), URI.create(place.url()), headers, body, STALL);
    try (HttpAnswer answer = uploader.target.store().send(call)) {
      if (answer.status() / 100 != 2) {
        throw StoreRefusal.of(answer, json);
      }
    }
    OutputTree.Entry file = upload.file;
    Hashes hashes = body.hashes();
    RawValue said = said(file);
    upload.sent =
        new Wire.Output(
            uploader.journal.id(file),
            file.path(),
            hashes.size(),
            hashes.md5(),
            hashes.sha1(),
            hashes.sha256(),
            file.createdMicros(),
            file.modifiedMicros(),
            said);
    upload.reportBytes =
        500
            + 2 * file.path().length()
            + (said == null
                ? 0
                : String.valueOf(said.rawValue()).getBytes(StandardCharsets.UTF_8).length);
    return true;
  }

  /** What cannot be read of it is no reason to lose the file. */
  private @Nullable RawValue said(OutputTree.Entry file) {
    try {
      return metadata.of(file);
    } catch (IOException e) {
      remarks.add(
          "outputs whose metadata cannot be read",
          "Metadata of " + file.path() + " is ignored: " + SourceException.of(e).getMessage());
      return null;
    }
  }

  private @Nullable SignedRequest placeOf(Upload upload) throws IOException {
    Wire.Uploadable given;
    try {
      given = ask(List.of(upload.file));
    } catch (MasterException e) {
      if (!e.code().equals("output_limit")) {
        throw e;
      }
      limit = e.getMessage();
      if (finish(upload)) {
        overLimit(upload.file);
      }
      return null;
    }
    String id = uploader.journal.id(upload.file);
    Wire.Unkept refused = Wire.Unkept.byId(given.refused()).get(id);
    if (refused != null) {
      refused(upload, refused);
      return null;
    }
    Wire.Unkept waits = Wire.Unkept.byId(given.waiting()).get(id);
    if (waits != null) {
      throw waits.problem();
    }
    if (given.uploads().isEmpty()) {
      throw new IOException("the master gave no place for it");
    }
    return given.uploads().get(0).request();
  }

  /** It was in a list of what is refused for good, or is recorded already. */
  void refused(Upload upload, Wire.Unkept why) throws IOException {
    if (why.code().equals("upload_recorded")) {
      uploader.journal.finished(upload.file);
      finish(upload);
    } else if (why.code().equals("upload_missing") && upload.lost++ < MOST_LOST) {
      upload.sent = null;
      upload.place = null;
      queue.add(upload);
    } else {
      lost(upload, upload.sent == null ? "was not uploaded" : "was not recorded", why.message());
    }
  }

  /** It failed now: it waits, unless that is of no use. */
  void failed(Upload upload, Exception e, String what) throws IOException {
    Failure failure = Failure.of(e);
    if (failure == Failure.OVER && e instanceof IOException over) {
      throw over;
    }
    boolean again = failure != Failure.FINAL && uploader.urgency.mayWait();
    if (again && e instanceof IOException problem) {
      brake.failed();
      again = upload.again(problem, uploader.patience.with(failure));
      if (again) {
        words.wait(problem);
        waiting(upload);
        return;
      }
    }
    lost(upload, what, String.valueOf(e.getMessage()));
  }

  /** Lets another file take its turn; it comes again itself. */
  private void waiting(Upload upload) {
    upload.alone = upload.alone || upload.shared >= 2;
    queue.add(upload);
    if (upload.counted) {
      upload.counted = false;
      window.release();
    }
  }

  /** The master answers: what waits may go on. */
  void worked() {
    brake.worked();
  }

  private void lost(Upload upload, String what, String why) {
    if (finish(upload)) {
      remarks.problem(LOST, Upload.shown(upload.file) + " " + what + ": " + why);
    }
  }

  /** Nothing is left to do for it; false where that was so before. */
  boolean finish(Upload upload) {
    boolean first = open.remove(upload);
    if (first && upload.counted) {
      upload.counted = false;
      window.release();
    }
    return first;
  }

  private void report() throws IOException, InterruptedException {
    OutputReports reports = new OutputReports(uploader, sent, remarks, this);
    while (true) {
      uploader.urgency.check();
      Throwable e = broken.get();
      if (e instanceof IOException failure) {
        throw failure;
      } else if (e instanceof RuntimeException failure) {
        throw failure;
      } else if (e instanceof Error failure) {
        throw failure;
      }
      if (!reports.some() && fed && open.isEmpty()) {
        return;
      }
      if (!uploader.urgency.mayWait()) {
        endWaiting();
      }
      if (uploader.urgency.cut()) {
        open.forEach(left -> lost(left, "was not uploaded", "the run was stopped meanwhile."));
        closed = true;
        return;
      }
    }
  }

  /** What has waited so far does so no more; what has not been tried yet is tried once. */
  private void endWaiting() {
    List<Upload> left = new ArrayList<>(queue);
    for (Upload upload : left) {
      if (upload.failing() && queue.remove(upload)) {
        lost(upload, "was not uploaded", "the run was stopped while it waited.");
      }
    }
    brake.release();
  }
}
