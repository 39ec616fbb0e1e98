package dev.millrace.worker.run;

import dev.millrace.worker.wire.MasterException;
import dev.millrace.worker.wire.Wire;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Tells the master what the store has, in reports that are cut by files and by bytes. */
final class OutputReports {
  private static final int BATCH = 256;
  private static final int REPORT_BYTES = 1 << 20;

  private final Uploader uploader;
  private final LinkedBlockingQueue<Upload> sent;
  private final Remarks remarks;
  private final UploadPass pass;

  OutputReports(
      Uploader uploader, LinkedBlockingQueue<Upload> sent, Remarks remarks, UploadPass pass) {
    this.uploader = uploader;
    this.sent = sent;
    this.remarks = remarks;
    this.pass = pass;
  }

  /** Reports what is there, waiting a little for it; whether there was anything. */
  boolean some() throws IOException, InterruptedException {
    List<Upload> batch = batch();
    if (!batch.isEmpty()) {
      report(batch);
    }
    return !batch.isEmpty();
  }

  private List<Upload> batch() throws InterruptedException {
    List<Upload> batch = new ArrayList<>();
    long bytes = 0;
    Upload next = sent.poll(100, TimeUnit.MILLISECONDS);
    while (next != null) {
      batch.add(next);
      bytes += next.reportBytes;
      Upload after = sent.peek();
      boolean fits =
          after != null
              && !next.alone
              && !after.alone
              && batch.size() < BATCH
              && bytes + after.reportBytes <= REPORT_BYTES;
      next = fits ? sent.poll() : null;
    }
    return batch;
  }

  private void report(List<Upload> batch) throws IOException {
    List<Wire.Output> outputs = new ArrayList<>();
    for (Upload upload : batch) {
      Wire.Output output = upload.sent;
      if (output != null) {
        outputs.add(output);
      }
    }
    Wire.Recorded answer;
    try {
      answer =
          uploader
              .target
              .master()
              .outputs(uploader.target.executionId(), uploader.target.lease(), outputs);
    } catch (IOException e) {
      unreported(batch, e);
      return;
    }
    pass.worked();
    Map<String, Wire.Unkept> refused = Wire.Unkept.byId(answer.refused());
    Map<String, Wire.Unkept> waits = Wire.Unkept.byId(answer.waiting());
    Map<String, List<String>> notes = Wire.Note.byId(answer.notes());
    for (Upload upload : batch) {
      String id = uploader.journal.id(upload.file);
      if (refused.containsKey(id)) {
        pass.refused(upload, refused.get(id));
      } else if (waits.containsKey(id)) {
        pass.failed(upload, waits.get(id).problem(), "was not recorded");
      } else {
        recorded(upload);
        notes
            .getOrDefault(id, List.of())
            .forEach(
                note ->
                    remarks.add(
                        "outputs of which something is left out",
                        Upload.shown(upload.file) + ": " + note + "."));
      }
    }
  }

  private void recorded(Upload upload) throws IOException {
    Wire.Output output = upload.sent;
    uploader.journal.finished(upload.file);
    if (pass.finish(upload) && output != null) {
      uploader.status.accept(
          "Output %s uploaded (%d bytes, sha256 %s)"
              .formatted(output.path(), output.size(), output.sha256()));
    }
  }

  /** The report as a whole was not taken: each file of it is told alone, where that may help. */
  private void unreported(List<Upload> batch, IOException e) throws IOException {
    Failure failure = Failure.of(e);
    if (failure == Failure.OVER) {
      throw e;
    }
    List<String> named = e instanceof MasterException refusal ? refusal.uploads() : List.of();
    boolean missing =
        e instanceof MasterException refusal && refusal.code().equals("upload_missing");
    for (Upload upload : batch) {
      String id = uploader.journal.id(upload.file);
      if (named.contains(id)) {
        pass.refused(upload, new Wire.Unkept(id, missing ? "upload_missing" : "", words(e)));
      } else if (batch.size() > 1 && failure == Failure.FINAL) {
        upload.alone = named.isEmpty();
        sent.add(upload);
      } else {
        upload.shared += batch.size() > 1 && e instanceof MasterException ? 1 : 0;
        pass.failed(upload, e, "was not recorded");
      }
    }
  }

  private static String words(IOException e) {
    return String.valueOf(e.getMessage());
  }
}
