package dev.millrace.engine.dispatch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
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
import dev.millrace.engine.logs.Micros;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.ExecutionStore;
import dev.millrace.engine.store.Session;
import dev.millrace.spi.storage.BlobKey;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Gives outputs a place in their store, and records them once their bytes are there. */
@Component(service = Outputs.class, immediate = true)
public final class Outputs {
  private static final int MAX_FILES = 10_000;
  private static final int MAX_TAGS = 100;
  private static final String WAITING = "Its outputs wait: ";
  private static final Pattern HEX = Pattern.compile("[0-9a-f]{32,64}");

  private final Database database;
  private final Leases leases;
  private final Transfers transfers;
  private final Blobs blobs;
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
    this.blobs = blobs;
    this.settings = settings;
    this.clock = clock;
  }

  /**
   * Requests by which the files are uploaded; asked again, they lead to the same places. Throws
   * {@link Refused} 413 {@code output_limit} where they are more than an execution may put out.
   */
  public Messages.UploadsGiven uploads(
      Worker worker, ExecutionId id, @Nullable String lease, Messages.Uploads wanted) {
    List<Messages.UploadFile> files = wanted.files() == null ? List.of() : wanted.files();
    limit(files.size());
    Placed placed =
        database.transact(
            s -> {
              Execution execution = leases.held(s, worker, id, lease);
              DataStore store = store(s, execution);
              List<PendingUpload> pending = new ArrayList<>(files.size());
              for (Messages.UploadFile file : files) {
                pending.add(place(s, execution, store, file));
              }
              count(s, id, pending);
              return new Placed(store, pending);
            });
    try {
      List<Messages.UploadGiven> given = new ArrayList<>(files.size());
      for (PendingUpload upload : placed.uploads()) {
        given.add(
            new Messages.UploadGiven(
                upload.id().toString(),
                Assignments.wire(
                    transfers.upload(
                        placed.store(),
                        upload.key(),
                        upload.bytes(),
                        Assignments.VALIDITY,
                        settings.workerUrl()))));
      }
      return new Messages.UploadsGiven(given);
    } catch (StoreUnavailable e) {
      throw waits(id, e);
    }
  }

  /** Records uploaded files as data. Throws {@link Refused} 409 with those that are not there. */
  public Messages.OutputsKept outputs(
      Worker worker, ExecutionId id, @Nullable String lease, Messages.Outputs reported) {
    List<Messages.OutputFile> files = reported.outputs() == null ? List.of() : reported.outputs();
    limit(files.size());
    Execution execution = leases.held(worker, id, lease);
    DataStore store = database.read(s -> store(s, execution));
    List<Datum> data = new ArrayList<>(files.size());
    List<String> missing = new ArrayList<>();
    for (Messages.OutputFile file : files) {
      DatumId datum = datumId(file.uploadId());
      Optional<PendingUpload> pending =
          database.read(s -> s.data().pending(datum)).filter(p -> p.execution().equals(id));
      if (pending.isEmpty()) {
        if (!recorded(id, datum)) {
          missing.add(datum.toString());
        }
      } else if (stored(id, store, pending.get().key(), file.size())) {
        data.add(datum(execution, store, pending.get(), file));
      } else {
        missing.add(datum.toString());
      }
    }
    if (!missing.isEmpty()) {
      throw new Refused(
          409,
          "upload_missing",
          "The store has no such bytes: upload again.",
          Map.of("uploads", missing));
    }
    database.transact(
        s -> {
          leases.held(s, worker, id, lease);
          for (Datum datum : data) {
            s.data().insert(datum);
            s.data().removePending(datum.id());
          }
          if (execution.statusDetail().startsWith(WAITING)) {
            s.executions().setStatusDetail(id, "");
          }
          return data.size();
        });
    return new Messages.OutputsKept(
        files.stream()
            .map(f -> String.valueOf(f.uploadId()))
            .map(upload -> new Messages.OutputKept(upload, datumId(upload).toString()))
            .toList());
  }

  /** Where files go. */
  private record Placed(DataStore store, List<PendingUpload> uploads) {}

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
    if (session.data().find(Leases.EVERYTHING, datum).isPresent()) {
      throw new Refused(422, "upload_id", "uploadId " + datum + " is recorded already.");
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

  private boolean recorded(ExecutionId execution, DatumId datum) {
    return database
        .read(s -> s.data().find(Leases.EVERYTHING, datum))
        .flatMap(Datum::outputOf)
        .filter(execution::equals)
        .isPresent();
  }

  /** The user reads what the run waits for; the worker keeps the files and asks again. */
  private Refused waits(ExecutionId id, StoreUnavailable reason) {
    String words = String.valueOf(reason.getMessage());
    database.transact(s -> s.executions().setStatusDetail(id, WAITING + words));
    return Refused.storeMissing(words);
  }

  private boolean stored(ExecutionId id, DataStore store, String key, long bytes) {
    try {
      return blobs.stat(store, key).filter(blob -> blob.size() == bytes).isPresent();
    } catch (StoreUnavailable e) {
      throw waits(id, e);
    }
  }

  private Datum datum(
      Execution execution, DataStore store, PendingUpload upload, Messages.OutputFile file) {
    ObjectNode metadata = Wire.JSON.createObjectNode();
    List<String> tags = new ArrayList<>();
    if (file.metadata() instanceof ObjectNode given) {
      metadata.setAll(given);
      JsonNode named = metadata.remove("valohai.tags");
      if (named != null && named.isArray()) {
        named.forEach(tag -> tags.add(tag.asText()));
      }
    }
    return new Datum(
        upload.id(),
        execution.project(),
        Optional.of(execution.id()),
        upload.path(),
        file.size(),
        hash(file.md5()),
        hash(file.sha1()),
        hash(file.sha256()),
        store.id(),
        upload.key(),
        store.uriPrefix() + upload.key(),
        tags.stream().filter(t -> !t.isBlank()).distinct().limit(MAX_TAGS).toList(),
        Wire.text(metadata),
        clock.instant(),
        Micros.toInstant(file.createdAt()),
        Micros.toInstant(file.modifiedAt()),
        Optional.empty(),
        1);
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

  private static Optional<String> hash(@Nullable String hash) {
    if (hash != null && !HEX.matcher(hash).matches()) {
      throw Refused.invalid("md5, sha1 and sha256 are lower-case hexadecimal.");
    }
    return Optional.ofNullable(hash);
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
