package dev.millrace.engine.dispatch;

import dev.millrace.engine.artifacts.BlobChecks;
import dev.millrace.engine.artifacts.Blobs;
import dev.millrace.engine.artifacts.StoreUnavailable;
import dev.millrace.engine.artifacts.Transfers;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.PendingUpload;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.DatabaseUnavailable;
import dev.millrace.engine.store.ExecutionStore;
import dev.millrace.engine.store.Session;
import dev.millrace.spi.storage.BlobKey;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gives outputs a place in their store, and records them once their bytes are there. */
@Component(service = Outputs.class, immediate = true)
public final class Outputs {
  private static final Logger log = LoggerFactory.getLogger(Outputs.class);
  private static final int MAX_FILES = 10_000;
  private static final String WAITING = "Its outputs wait: ";

  private final Database database;
  private final Leases leases;
  private final Transfers transfers;
  private final BlobChecks checks;
  private final OutputData data;
  private final Settings settings;
  private final Clock clock;

  @Activate
  public Outputs(
      @Reference Database database,
      @Reference Leases leases,
      @Reference Transfers transfers,
      @Reference Blobs blobs,
      @Reference Settings settings,
      @Reference Clock clock) {
    this.database = database;
    this.leases = leases;
    this.transfers = transfers;
    this.checks = new BlobChecks(blobs);
    this.data = new OutputData(clock);
    this.settings = settings;
    this.clock = clock;
  }

  @Deactivate
  void close() {
    checks.close();
  }

  /**
   * Requests by which the files are uploaded; asked again, they lead to the same places. Throws
   * {@link Refused} 413 {@code output_limit} where they are more than an execution may put out. A
   * worker that reads what is said of each file is told there what cannot have a place; another one
   * by a refusal of them all.
   */
  public Messages.UploadsGiven uploads(
      Worker worker, ExecutionId id, @Nullable String lease, Messages.Uploads wanted) {
    List<Messages.UploadFile> files = wanted.files() == null ? List.of() : wanted.files();
    limit(files.size());
    boolean partial = Boolean.TRUE.equals(wanted.partial());
    Placed placed =
        database.transact(
            s -> {
              Execution execution = leases.held(s, worker, id, lease);
              DataStore store = store(s, execution);
              List<PendingUpload> pending = new ArrayList<>(files.size());
              List<Messages.Unkept> refused = new ArrayList<>();
              for (Messages.UploadFile file : files) {
                try {
                  pending.add(place(s, execution, store, file));
                } catch (Refused e) {
                  if (!partial) {
                    throw e;
                  }
                  refused.add(unkept(String.valueOf(file.uploadId()), e));
                }
              }
              count(s, id, pending);
              return new Placed(store, pending, refused);
            });
    List<Messages.UploadGiven> given = new ArrayList<>(files.size());
    List<Messages.Unkept> waiting = new ArrayList<>();
    for (PendingUpload upload : placed.uploads()) {
      try {
        given.add(new Messages.UploadGiven(upload.id().toString(), request(placed, upload)));
      } catch (StoreUnavailable e) {
        if (!partial) {
          throw e.passing() ? waits(id, e) : Refused.of(e);
        }
        (e.passing() ? waiting : placed.refused())
            .add(unkept(upload.id().toString(), Refused.of(e)));
      }
    }
    tellWaiting(id, waiting);
    return new Messages.UploadsGiven(given, some(placed.refused()), some(waiting));
  }

  private Messages.SignedRequest request(Placed placed, PendingUpload upload) {
    return Assignments.wire(
        transfers.upload(
            placed.store(),
            upload.key(),
            upload.bytes(),
            Assignments.VALIDITY,
            settings.workerUrl()));
  }

  /**
   * Records uploaded files as data: each that is there, whatever is with the others. A worker that
   * reads what is said of each file finds the others in the answer; for another one this throws
   * {@link Refused} 503 while some wait, else 409 or 422 with those that were not recorded.
   */
  public Messages.OutputsKept outputs(
      Worker worker, ExecutionId id, @Nullable String lease, Messages.Outputs reported) {
    List<Messages.OutputFile> files = reported.outputs() == null ? List.of() : reported.outputs();
    limit(files.size());
    Execution execution = leases.held(worker, id, lease);
    OutputReport report = new OutputReport();
    DataStore store =
        database.read(
            s -> {
              files.forEach(file -> find(s, execution, file, report));
              return store(s, execution);
            });
    List<BlobChecks.Found> found =
        checks.sizes(store, report.pending().stream().map(p -> p.upload().key()).toList());
    List<Datum> present = new ArrayList<>();
    for (int i = 0; i < found.size(); i++) {
      OutputReport.Pending one = report.pending().get(i);
      StoreUnavailable failure = found.get(i).failure();
      if (failure != null) {
        report.unkept(one.file(), Refused.of(failure));
      } else if (found.get(i).size() != one.file().size()) {
        report.unkept(one.file(), missing());
      } else {
        make(execution, store, one, report).ifPresent(present::add);
      }
    }
    record(worker, execution, lease, present, report);
    tellWaiting(id, report.waiting());
    if (report.waiting().isEmpty() && execution.statusDetail().startsWith(WAITING)) {
      database.transact(s -> s.executions().setStatusDetail(id, ""));
    }
    if (!Boolean.TRUE.equals(reported.partial())) {
      report.throwIfUnkept();
    }
    return report.answer();
  }

  /** Sorts one file: recorded already, on its way, or not known. */
  private static void find(
      Session session, Execution execution, Messages.OutputFile file, OutputReport report) {
    try {
      DatumId datum = datumId(file.uploadId());
      Optional<PendingUpload> pending =
          session.data().pending(datum).filter(p -> p.execution().equals(execution.id()));
      if (pending.isPresent()) {
        report.pending().add(new OutputReport.Pending(file, pending.get()));
      } else if (recorded(session, execution.id(), datum).isPresent()) {
        report.kept(datum);
      } else {
        report.unkept(file, missing());
      }
    } catch (Refused e) {
      report.unkept(file, e);
    }
  }

  private Optional<Datum> make(
      Execution execution, DataStore store, OutputReport.Pending one, OutputReport report) {
    try {
      return Optional.of(
          data.of(
              execution, store, one.upload(), one.file(), words -> report.note(one.file(), words)));
    } catch (Refused e) {
      report.unkept(one.file(), e);
      return Optional.empty();
    }
  }

  /** All in one transaction; where the database takes that not, each alone, the odd one without. */
  private void record(
      Worker worker,
      Execution execution,
      @Nullable String lease,
      List<Datum> present,
      OutputReport report) {
    if (present.isEmpty()) {
      return;
    }
    try {
      insert(worker, execution, lease, present);
      present.forEach(datum -> report.kept(datum.id()));
      return;
    } catch (Refused | DatabaseUnavailable e) {
      throw e;
    } catch (RuntimeException e) {
      log.warn("outputs are recorded one by one execution={}", execution.id(), e);
    }
    for (Datum datum : present) {
      try {
        insert(worker, execution, lease, List.of(datum));
        report.kept(datum.id());
      } catch (Refused | DatabaseUnavailable e) {
        throw e;
      } catch (RuntimeException e) {
        plainly(worker, execution, lease, datum, report);
      }
    }
  }

  /** Without what user code says of it, which is most likely what the database does not take. */
  private void plainly(
      Worker worker,
      Execution execution,
      @Nullable String lease,
      Datum datum,
      OutputReport report) {
    try {
      insert(worker, execution, lease, List.of(OutputData.plain(datum)));
      report.kept(datum.id());
      report.note(datum.id(), "its tags and metadata are left out: the database refuses them");
    } catch (Refused | DatabaseUnavailable e) {
      throw e;
    } catch (RuntimeException e) {
      log.error("output is not recorded execution={} datum={}", execution.id(), datum.id(), e);
      report.unkept(
          datum.id().toString(),
          new Refused(422, "output_data", "The database does not take what is said of it."));
    }
  }

  private void insert(
      Worker worker, Execution execution, @Nullable String lease, List<Datum> present) {
    database.transact(
        s -> {
          leases.held(s, worker, execution.id(), lease);
          for (Datum datum : present) {
            s.data().insert(datum);
            s.data().removePending(datum.id());
          }
          return present.size();
        });
  }

  /** Where files go. */
  private record Placed(
      DataStore store, List<PendingUpload> uploads, List<Messages.Unkept> refused) {}

  private PendingUpload place(
      Session session, Execution execution, DataStore store, Messages.UploadFile file) {
    DatumId datum = datumId(file.uploadId());
    String path = path(file.path());
    if (file.size() < 0) {
      throw Refused.invalid("size must not be negative.");
    }
    Optional<PendingUpload> known = session.data().pending(datum);
    if (known.isPresent()) {
      return known
          .filter(p -> p.execution().equals(execution.id()))
          .filter(p -> p.path().equals(path) && p.bytes() == file.size())
          .orElseThrow(
              () -> new Refused(422, "upload_id", "uploadId " + datum + " names another file."));
    }
    Optional<Datum> recorded = session.data().find(Leases.EVERYTHING, datum);
    if (recorded.isPresent()) {
      boolean same =
          recorded(session, execution.id(), datum)
              .filter(d -> d.name().equals(path) && d.bytes() == file.size())
              .isPresent();
      throw new Refused(
          422,
          same ? "upload_recorded" : "upload_id",
          "uploadId " + datum + " is recorded already.");
    }
    String key = "data/" + execution.project() + "/" + execution.id() + "/" + datum + "/" + path;
    return new PendingUpload(
        datum, execution.id(), path, file.size(), store.id(), key(key, path), clock.instant());
  }

  /** Keeps the places that are new, where the execution may put out so much. */
  private void count(Session session, ExecutionId id, List<PendingUpload> places) {
    List<PendingUpload> added = places.stream().filter(p -> session.data().insert(p)).toList();
    if (added.isEmpty()) {
      return;
    }
    ExecutionStore.OutputTotals totals =
        session
            .executions()
            .addOutputs(id, added.size(), added.stream().mapToLong(PendingUpload::bytes).sum());
    if (totals.files() > settings.outputFiles()) {
      throw outputLimit(settings.outputFiles() + " files. Pack small files into archives");
    }
    if (totals.bytes() > settings.outputBytes()) {
      throw outputLimit(settings.outputBytes() + " bytes. Write less");
    }
  }

  private static Refused outputLimit(String limit) {
    return new Refused(
        413,
        "output_limit",
        "The outputs of an execution have a limit of "
            + limit
            + ", or ask the administrator to raise it.");
  }

  private static Optional<Datum> recorded(Session session, ExecutionId execution, DatumId datum) {
    return session
        .data()
        .find(Leases.EVERYTHING, datum)
        .filter(d -> d.outputOf().filter(execution::equals).isPresent());
  }

  private static Refused missing() {
    return new Refused(409, "upload_missing", "The store has no such bytes: upload again.");
  }

  static Messages.Unkept unkept(String upload, Refused e) {
    return new Messages.Unkept(upload, e.code(), String.valueOf(e.getMessage()));
  }

  private static <T> @Nullable List<T> some(List<T> list) {
    return list.isEmpty() ? null : list;
  }

  /** The user reads what the run waits for; the worker keeps the files and asks again. */
  private Refused waits(ExecutionId id, StoreUnavailable reason) {
    tellWaiting(id, List.of(unkept("", Refused.of(reason))));
    return Refused.of(reason);
  }

  private void tellWaiting(ExecutionId id, List<Messages.Unkept> waiting) {
    if (!waiting.isEmpty()) {
      String words = WAITING + waiting.get(0).message();
      database.transact(s -> s.executions().setStatusDetail(id, words));
    }
  }

  private static DataStore store(Session session, Execution execution) {
    return session
        .dataStores()
        .find(Leases.EVERYTHING, execution.spec().uploadStore())
        .orElseThrow(
            () -> Refused.storeMissing("The upload store of the execution is not configured."));
  }

  private static DatumId datumId(@Nullable String text) {
    try {
      return DatumId.parse(text == null ? "" : text);
    } catch (IllegalArgumentException e) {
      throw Refused.invalid("uploadId must be a UUID.");
    }
  }

  private static String path(@Nullable String path) {
    if (path == null || path.isEmpty() || path.startsWith("/")) {
      throw new Refused(422, "output_name", "The path '" + path + "' is empty or absolute.");
    }
    for (String part : path.split("/", -1)) {
      if (part.equals("..")) {
        throw new Refused(422, "output_name", "The path '" + path + "' leaves the outputs folder.");
      }
    }
    return path;
  }

  /** The key in its store; a path that no store can keep is the output's fault. */
  private static String key(String key, String path) {
    try {
      return new BlobKey(key).value();
    } catch (IllegalArgumentException e) {
      throw new Refused(
          422, "output_name", "The path '" + path + "' cannot be stored: " + e.getMessage() + ".");
    }
  }

  private static void limit(int files) {
    if (files > MAX_FILES) {
      throw new Refused(413, "batch_limit", "A call names at most 10,000 files.");
    }
  }
}
