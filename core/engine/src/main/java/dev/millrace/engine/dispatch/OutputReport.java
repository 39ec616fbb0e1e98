package dev.millrace.engine.dispatch;

import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.PendingUpload;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What became of each file of one report. */
final class OutputReport {
  /** A file whose upload is known and not recorded yet. */
  record Pending(Messages.OutputFile file, PendingUpload upload) {}

  private final List<Pending> pending = new ArrayList<>();
  private final List<Messages.OutputKept> kept = new ArrayList<>();
  private final List<Messages.Unkept> refused = new ArrayList<>();
  private final List<Messages.Unkept> waiting = new ArrayList<>();
  private final List<Messages.Note> notes = new ArrayList<>();
  private int status;

  List<Pending> pending() {
    return pending;
  }

  List<Messages.Unkept> waiting() {
    return waiting;
  }

  void kept(DatumId datum) {
    kept.add(new Messages.OutputKept(datum.toString(), datum.toString()));
  }

  void note(Messages.OutputFile file, String words) {
    notes.add(new Messages.Note(String.valueOf(file.uploadId()), words));
  }

  void note(DatumId datum, String words) {
    notes.add(new Messages.Note(datum.toString(), words));
  }

  void unkept(Messages.OutputFile file, Refused why) {
    unkept(String.valueOf(file.uploadId()), why);
  }

  void unkept(String upload, Refused why) {
    Messages.Unkept one = Outputs.unkept(upload, why);
    if (why.status() == 503) {
      waiting.add(one);
    } else {
      status = Math.max(status, why.status());
      refused.add(one);
    }
  }

  Messages.OutputsKept answer() {
    return new Messages.OutputsKept(kept, some(refused), some(waiting), some(notes));
  }

  /**
   * For a worker that knows the status alone: it repeats a 503 whole, which changes nothing for
   * what is recorded, and gives up what another refusal names.
   */
  void throwIfUnkept() {
    Stream.concat(waiting.stream(), refused.stream())
        .findFirst()
        .ifPresent(
            first -> {
              throw waiting.isEmpty()
                  ? new Refused(
                      status,
                      first.code(),
                      first.message(),
                      Map.of("uploads", refused.stream().map(Messages.Unkept::uploadId).toList()))
                  : new Refused(503, first.code(), first.message());
            });
  }

  private static <T> @Nullable List<T> some(List<T> list) {
    return list.isEmpty() ? null : list;
  }
}
