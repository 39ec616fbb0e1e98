package dev.millrace.engine.dispatch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.engine.artifacts.ImageHosts;
import dev.millrace.engine.artifacts.Images;
import dev.millrace.engine.artifacts.StoreUnavailable;
import dev.millrace.engine.artifacts.Transfer;
import dev.millrace.engine.artifacts.Transfers;
import dev.millrace.engine.domain.CodeArchive;
import dev.millrace.engine.domain.Commit;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.EnvironmentValue;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionInput;
import dev.millrace.engine.domain.InputFile;
import dev.millrace.engine.domain.Owner;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.domain.StoreId;
import dev.millrace.engine.domain.User;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.keys.InstallationKey;
import dev.millrace.engine.logs.Micros;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Session;
import dev.millrace.spi.registry.PullCredentials;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Builds what a worker is told of its run. Secrets are opened here and nowhere else. */
@Component(service = Assignments.class, immediate = true)
public final class Assignments {
  /** Long enough for large inputs to begin; a worker asks again for what has expired. */
  static final Duration VALIDITY = Duration.ofHours(1);

  private final Database database;
  private final Transfers transfers;
  private final Images images;
  private final ImageHosts imageHosts;
  private final InstallationKey key;
  private final Settings settings;

  @Activate
  public Assignments(
      @Reference Database database,
      @Reference Transfers transfers,
      @Reference Images images,
      @Reference InstallationKey key,
      @Reference Settings settings) {
    this.database = database;
    this.transfers = transfers;
    this.images = images;
    this.imageHosts = new ImageHosts(images, settings.imageAllow());
    this.key = key;
    this.settings = settings;
  }

  /** The rows that an assignment is made of, read at one time. */
  private record Rows(
      Project project,
      Owner owner,
      User creator,
      Environment environment,
      Commit commit,
      Map<DatumId, Datum> data,
      Map<StoreId, DataStore> stores) {}

  /** The assignment as docs/wire has it; throws {@link Refused} 503 while a store is missing. */
  JsonNode build(Worker worker, Execution execution, Secret lease) {
    Rows rows = database.read(s -> rows(s, execution));
    try {
      return json(worker, execution, lease, rows);
    } catch (StoreUnavailable e) {
      throw Refused.of(e);
    }
  }

  /** Fresh requests for what an assignment named. */
  Messages.TransfersGiven again(Execution execution, Messages.TransfersWanted wanted) {
    Rows rows = database.read(s -> rows(s, execution));
    List<String> inputs = wanted.inputs() == null ? List.of() : wanted.inputs();
    Map<String, Messages.SignedRequest> given = new HashMap<>();
    try {
      for (String id : inputs) {
        Datum datum = rows.data().get(DatumId.parse(id));
        if (datum == null) {
          throw Refused.invalid("Datum " + id + " is no input of this execution.");
        }
        given.put(id, wire(download(rows, datum.store(), datum.key())));
      }
      return new Messages.TransfersGiven(wanted.code() ? wire(code(rows)) : null, given);
    } catch (StoreUnavailable e) {
      throw Refused.of(e);
    }
  }

  static Messages.SignedRequest wire(Transfer transfer) {
    return new Messages.SignedRequest(
        transfer.method(), transfer.url(), transfer.headers(), Micros.of(transfer.expiresAt()));
  }

  private JsonNode json(Worker worker, Execution execution, Secret lease, Rows rows) {
    ObjectNode out = Wire.JSON.createObjectNode();
    out.put("executionId", execution.id().toString());
    out.put("lease", lease.reveal());
    out.putObject("project")
        .put("id", rows.project().id().toString())
        .put("name", rows.project().name())
        .put("owner", rows.owner().name());
    out.put("counter", execution.counter());
    out.put("step", execution.spec().step());
    out.put("title", execution.title());
    out.put("runtime", runtime(rows.environment(), worker).orElse("process"));
    out.set("image", image(execution));
    out.set("commands", Wire.JSON.valueToTree(execution.spec().commands()));
    out.set("environment", environment(execution, rows));
    CodeArchive archive = archive(rows);
    ObjectNode code =
        out.putObject("code")
            .put("sha256", archive.sha256())
            .put("format", archive.format() == CodeArchive.Format.TAR ? "tar" : "tar.gz")
            .put("size", archive.bytes());
    code.set("download", tree(code(rows)));
    code.set("limits", Wire.JSON.valueToTree(settings.codeLimits()));
    ObjectNode config = out.putObject("config");
    config.set("execution.json", executionJson(execution, rows));
    config.set("parameters.json", Wire.JSON.valueToTree(execution.spec().parameters()));
    out.set("inputs", inputs(execution, rows));
    out.set("inputAllow", Wire.JSON.valueToTree(settings.inputAllow()));
    ArrayNode mounts = out.putArray("mounts");
    execution.spec().mounts().forEach(mount -> mounts.add(Wire.JSON.valueToTree(mount)));
    // As it is now: an administrator may have taken a folder back since the submit.
    out.set("mountAllow", Wire.JSON.valueToTree(rows.environment().allowedMounts()));
    out.set("limits", limits(execution, worker));
    return out;
  }

  /** How the group starts runs on that worker; empty if the worker cannot. */
  static Optional<String> runtime(Environment group, Worker worker) {
    boolean docker = worker.runtimes().contains("docker");
    boolean process = worker.runtimes().contains("process");
    return switch (group.runtime()) {
      case DOCKER -> docker ? Optional.of("docker") : Optional.empty();
      case PROCESS -> process ? Optional.of("process") : Optional.empty();
      case AUTO ->
          docker ? Optional.of("docker") : process ? Optional.of("process") : Optional.empty();
    };
  }

  private ObjectNode image(Execution execution) {
    String reference = execution.spec().image();
    ObjectNode image = Wire.JSON.createObjectNode().put("reference", reference);
    if (imageHosts.allows(reference)) {
      image.put("allowed", true);
    }
    execution.imageDigest().ifPresent(digest -> image.put("digest", digest));
    // Also without a digest: the worker may reach a registry that did not answer the master.
    Optional<PullCredentials> login = images.credentials(reference);
    login
        .filter(l -> !l.isAnonymous())
        .ifPresent(
            l ->
                image
                    .putObject("pull")
                    .put("username", l.user())
                    .put("password", l.password().reveal()));
    return image;
  }

  private ArrayNode environment(Execution execution, Rows rows) {
    ArrayNode variables = Wire.JSON.createArrayNode();
    for (EnvironmentValue value : execution.spec().environmentVariables()) {
      String text =
          value.sealed().isPresent()
              ? key.unseal(value.sealed().get(), EnvironmentValue.context(execution.id())).reveal()
              : value.value().orElse("");
      add(variables, value.name(), text, value.secret());
    }
    // Last, so that no variable of a user hides one of the platform.
    add(variables, "VH_JOB_ID", "exec-" + execution.id(), false);
    add(variables, "VH_EXECUTION_ID", execution.id().toString(), false);
    add(variables, "VH_PROJECT_ID", rows.project().id().toString(), false);
    return variables;
  }

  private static void add(ArrayNode variables, String name, String value, boolean secret) {
    variables.addObject().put("name", name).put("value", value).put("secret", secret);
  }

  private ObjectNode executionJson(Execution execution, Rows rows) {
    ObjectNode out = Wire.JSON.createObjectNode();
    out.put("valohai.commit-identifier", execution.spec().commitIdentifier());
    out.put("valohai.creator-id", rows.creator().id().value());
    out.put("valohai.creator-name", rows.creator().name());
    String email = rows.creator().email();
    out.put("valohai.creator-email", email.isEmpty() ? null : email);
    out.put("valohai.environment-id", rows.environment().id().toString());
    out.put("valohai.environment-name", rows.environment().name());
    out.put("valohai.environment-slug", rows.environment().slug());
    out.put("valohai.execution-counter", execution.counter());
    out.put("valohai.execution-ctime", iso(execution.createdAt()));
    out.putNull("valohai.execution-duration");
    out.put("valohai.execution-id", execution.id().toString());
    out.put("valohai.execution-image", execution.spec().image());
    out.put("valohai.execution-qtime", execution.queuedAt().map(Assignments::iso).orElse(null));
    out.put("valohai.execution-status", "created");
    out.put("valohai.execution-step", execution.spec().step());
    out.set("valohai.execution-tags", Wire.JSON.valueToTree(execution.tags()));
    out.put("valohai.execution-title", execution.title().isEmpty() ? null : execution.title());
    out.put("valohai.project-id", rows.project().id().toString());
    out.put("valohai.project-name", rows.owner().name() + "/" + rows.project().name());
    return out;
  }

  private ArrayNode inputs(Execution execution, Rows rows) {
    ArrayNode inputs = Wire.JSON.createArrayNode();
    for (ExecutionInput input : execution.spec().inputs()) {
      ObjectNode out =
          inputs
              .addObject()
              .put("name", input.name())
              .put("inputId", input.id().toString())
              .put("keepDirectories", input.keepDirectories());
      ArrayNode files = out.putArray("files");
      for (InputFile file : input.files()) {
        ObjectNode entry = files.addObject().put("name", file.name()).put("uri", file.uri());
        if (file.datum().isPresent()) {
          datum(entry, rows, file.datum().get());
        }
      }
    }
    return inputs;
  }

  private void datum(ObjectNode entry, Rows rows, DatumId id) {
    Datum datum = rows.data().get(id);
    if (datum == null || datum.purgedAt().isPresent()) {
      // Without a request to fetch it by, the worker ends the run with the reason "input".
      return;
    }
    entry.put("datumId", id.toString()).put("size", datum.bytes());
    ObjectNode checksums = entry.putObject("checksums");
    datum.md5().ifPresent(hash -> checksums.put("md5", hash));
    datum.sha1().ifPresent(hash -> checksums.put("sha1", hash));
    datum.sha256().ifPresent(hash -> checksums.put("sha256", hash));
    entry.putArray("metadata");
    entry.set("download", tree(download(rows, datum.store(), datum.key())));
  }

  private ObjectNode limits(Execution execution, Worker worker) {
    long noOutput = execution.spec().noOutputSeconds();
    return Wire.JSON
        .createObjectNode()
        .put("timeSeconds", execution.spec().timeLimitSeconds())
        .put("noOutputSeconds", noOutput > 0 ? noOutput : settings.noOutput().toSeconds())
        .put("stopGraceSeconds", settings.stopGrace().toSeconds())
        .put("logBytes", settings.logBytes())
        .put("cpus", worker.cpus() / worker.slots())
        .put("memoryMiB", worker.memoryMiB() / worker.slots())
        .put("imageSeconds", settings.imagePatience().toSeconds())
        .put("outputFiles", settings.outputFiles())
        .set("gpus", Wire.JSON.valueToTree(gpus(worker)));
  }

  /** The numbers of all GPUs for the only slot of a machine; where slots share it, none. */
  private static List<Integer> gpus(Worker worker) {
    return worker.slots() == 1
        ? IntStream.range(0, worker.gpus().size()).boxed().toList()
        : List.of();
  }

  private Rows rows(Session session, Execution execution) {
    Project project =
        session
            .projects()
            .find(Leases.EVERYTHING, execution.project())
            .orElseThrow(gone("project"));
    Owner owner = session.owners().find(project.owner()).orElseThrow(gone("owner"));
    Owner creator = session.owners().find(execution.creator()).orElseThrow(gone("creator"));
    if (!(creator instanceof User user)) {
      throw new IllegalStateException("the creator of execution " + execution.id() + " is no user");
    }
    Commit commit =
        session
            .commits()
            .find(Leases.EVERYTHING, execution.spec().commit())
            .orElseThrow(gone("commit"));
    Environment environment =
        session
            .environments()
            .find(Leases.EVERYTHING, execution.environment())
            .orElseThrow(gone("environment"));
    Map<DatumId, Datum> data = new HashMap<>();
    Map<StoreId, DataStore> stores = new HashMap<>();
    commit.archive().ifPresent(a -> store(session, stores, a.store()));
    for (ExecutionInput input : execution.spec().inputs()) {
      for (InputFile file : input.files()) {
        file.datum()
            .flatMap(id -> session.data().find(Leases.EVERYTHING, id))
            .ifPresent(
                datum -> {
                  data.put(datum.id(), datum);
                  store(session, stores, datum.store());
                });
      }
    }
    return new Rows(project, owner, user, environment, commit, data, stores);
  }

  private static void store(Session session, Map<StoreId, DataStore> stores, StoreId id) {
    session.dataStores().find(Leases.EVERYTHING, id).ifPresent(s -> stores.put(id, s));
  }

  private static Supplier<IllegalStateException> gone(String what) {
    return () -> new IllegalStateException("the " + what + " of the execution is gone");
  }

  private static CodeArchive archive(Rows rows) {
    return rows.commit()
        .archive()
        .orElseThrow(() -> Refused.storeMissing("The code of the commit is not in a store yet."));
  }

  private Transfer code(Rows rows) {
    CodeArchive archive = archive(rows);
    return download(rows, archive.store(), archive.key());
  }

  private Transfer download(Rows rows, StoreId store, String key) {
    DataStore from = rows.stores().get(store);
    if (from == null) {
      throw new StoreUnavailable("data store " + store + " is not configured any more");
    }
    return transfers.download(from, key, Optional.empty(), VALIDITY, settings.workerUrl());
  }

  private static JsonNode tree(Transfer transfer) {
    return Wire.JSON.valueToTree(wire(transfer));
  }

  private static String iso(Instant time) {
    return DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(time.atOffset(ZoneOffset.UTC));
  }
}
