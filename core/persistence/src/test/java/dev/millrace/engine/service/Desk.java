package dev.millrace.engine.service;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.engine.artifacts.Blobs;
import dev.millrace.engine.artifacts.StoreUnavailable;
import dev.millrace.engine.artifacts.Transfer;
import dev.millrace.engine.artifacts.Transfers;
import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionChange;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.Fact;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.StoreId;
import dev.millrace.engine.domain.User;
import dev.millrace.engine.domain.Uuid7;
import dev.millrace.engine.keys.InstallationKey;
import dev.millrace.engine.logs.LogLine;
import dev.millrace.engine.logs.LogPosition;
import dev.millrace.engine.logs.LogReader;
import dev.millrace.engine.logs.LogTail;
import dev.millrace.engine.logs.LogView;
import dev.millrace.engine.queue.InProcessQueue;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Scope;
import dev.millrace.spi.storage.Blob;
import dev.millrace.spi.storage.BlobKey;
import dev.millrace.spi.storage.ByteRange;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.zip.GZIPOutputStream;

/** Services on an empty database with two users, each with a project, and what they need to run. */
public final class Desk {
  public static final String YAML =
      """
      - step:
          name: train
          image: busybox:1
          command:
            - sh train.sh {parameters}
          parameters:
            - name: epochs
              type: integer
              default: 5
            - name: label
              type: string
              optional: true
          inputs:
            - name: data
              default: http://example.org/a/b.csv
            - name: more
              optional: true
          environment-variables:
            - name: MODE
              default: fast
      - step:
          name: strict
          image: busybox:1
          command: sh run.sh
          parameters:
            - name: rate
              type: float
          inputs:
            - name: data
      - step:
          name: lazy
          image: busybox:1
          command: sh run.sh
          inputs:
            - name: data
              default: http://example.org/a.csv
              download: on-demand
      """;

  public final TestClock clock = new TestClock();
  public final Uuid7 ids = new Uuid7(clock);
  public final InstallationKey key = new InstallationKey(new byte[32]);
  public final MemoryBlobs blobs = new MemoryBlobs();
  public final InProcessQueue queue = new InProcessQueue();
  public final Database database;
  public final Commits commits;
  public final Submissions submissions;
  public final Executions executions;
  public final Data data;
  public final Access access = new Access();
  public final Organizations organizations;
  public final Teams teams;
  public final Variables variables;
  public final Aliases aliases;
  public final DataMetadata metadata;
  public final Actor ada;
  public final Actor bob;
  public final Project adas;
  public final Project bobs;
  public final Environment environment;
  public final DataStore store;

  public Desk(Database database, Path folder) {
    this.database = database;
    Audit audit = new Audit(clock);
    Settings settings =
        new Settings(name -> name.equals("millrace.data") ? folder.toString() : null);
    this.commits = new Commits(database, access, audit, blobs, settings, clock);
    this.submissions =
        new Submissions(database, access, audit, key, queue, settings, new OneRegistry(), clock);
    this.executions = new Executions(database, access, audit, new NoLogs(), queue, clock);
    this.data = new Data(database, access, audit, new NoTransfers(), blobs, clock);
    this.organizations = new Organizations(database, access, audit, clock);
    this.teams = new Teams(database, access, audit, clock);
    this.variables = new Variables(database, access, audit, key, clock);
    this.aliases = new Aliases(database, access, audit, clock);
    this.metadata = new DataMetadata(database, access, audit, aliases);
    this.ada = person("ada", false);
    this.bob = person("bob", false);
    this.environment = environment("local");
    this.store =
        new DataStore(
            new StoreId(ids.next()),
            "default",
            Optional.empty(),
            "files",
            "filesystem",
            "file:///data/",
            clock.instant(),
            clock.instant(),
            1);
    database.transact(
        session -> {
          session.environments().insert(environment);
          session.dataStores().insert(store);
          return true;
        });
    this.adas = project(ada, "demo");
    this.bobs = project(bob, "demo");
  }

  /** The commit of a package that holds this configuration and nothing else. */
  public CommitView upload(Actor actor, Project project, String yaml) {
    try (CodeUpload upload = commits.begin(actor, project.id())) {
      try (OutputStream out = upload.open()) {
        out.write(tgz("valohai.yaml", yaml));
      }
      return commits.finish(actor, upload, "test", Optional.empty());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public ExecutionView run(Actor actor, Project project) {
    CommitView commit = upload(actor, project, YAML);
    return submissions.submit(actor, ask(project, commit, "train"));
  }

  /** A run in that environment. */
  public ExecutionView run(Actor actor, Project project, Environment where) {
    Submission ask = ask(project, upload(actor, project, YAML), "train");
    return submissions.submit(
        actor,
        new Submission(
            ask.project(),
            ask.commit(),
            ask.step(),
            ask.command(),
            ask.image(),
            ask.title(),
            Optional.of(where.slug()),
            ask.inputs(),
            ask.parameters(),
            ask.environmentVariables(),
            ask.tags(),
            ask.priority(),
            ask.timeLimitSeconds(),
            ask.runtimeConfig(),
            ask.environmentVariableGroups(),
            ask.inheritEnvironmentVariables(),
            ask.runtimeConfigPreset()));
  }

  public static Submission ask(Project project, CommitView commit, String step) {
    return ask(project, commit, step, Map.of(), Map.of(), Map.of());
  }

  public static Submission ask(
      Project project,
      CommitView commit,
      String step,
      Map<String, List<String>> inputs,
      Map<String, JsonNode> parameters,
      Map<String, Submission.Variable> variables) {
    return new Submission(
        project.id(),
        commit.commit().identifier(),
        step,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        inputs,
        parameters,
        variables,
        List.of(),
        0,
        OptionalLong.empty(),
        Map.of(),
        Optional.empty(),
        true,
        Optional.empty());
  }

  /** Changes the row as the engine's loops do. */
  public Execution change(ExecutionId id, UnaryOperator<ExecutionChange> change) {
    return database.transact(
        session -> {
          Execution now = session.executions().find(new Scope.Everything(), id).orElseThrow();
          Fact fact = new Fact(id, now.version() + 1, "Changed", clock.now, "{}", Optional.empty());
          session.executions().update(change.apply(ExecutionChange.of(now)).at(clock.now), fact);
          return session.executions().find(new Scope.Everything(), id).orElseThrow();
        });
  }

  Datum output(ExecutionView of, String name) {
    Datum datum = datum(of.execution(), name);
    database.transact(session -> session.data().insert(datum));
    blobs.held.put(datum.key(), new byte[] {1, 2, 3});
    return datum;
  }

  /** An output of that name, not stored yet. */
  public Datum datum(Execution of, String name) {
    DatumId id = new DatumId(ids.next());
    return new Datum(
        id,
        of.project(),
        Optional.of(of.id()),
        name,
        3,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        store.id(),
        "data/" + id,
        "file:///data/data/" + id,
        List.of(),
        "{}",
        clock.now,
        clock.now,
        clock.now,
        Optional.empty(),
        1);
  }

  public Environment environment(String slug) {
    return new Environment(
        new EnvironmentId(ids.next()),
        slug,
        "Environment " + slug,
        Optional.empty(),
        "",
        true,
        Optional.empty(),
        "",
        1,
        0,
        1,
        15,
        Environment.Runtime.AUTO,
        Optional.empty(),
        List.of(),
        clock.now,
        clock.now,
        1);
  }

  /** An administrator of the installation. */
  public Actor admin() {
    return person("root", true);
  }

  Environment owned(Environment e, OwnerId owner) {
    return new Environment(
        e.id(),
        e.slug(),
        e.name(),
        Optional.of(owner),
        e.description(),
        e.enabled(),
        e.provider(),
        e.machineType(),
        e.slots(),
        e.scaleMin(),
        e.scaleMax(),
        e.scaleDownGraceMinutes(),
        e.runtime(),
        e.perHourPriceUsd(),
        e.allowedMounts(),
        e.createdAt(),
        e.modifiedAt(),
        e.version());
  }

  Actor person(String name) {
    return person(name, false);
  }

  private Actor person(String name, boolean administrator) {
    return database.transact(
        session -> {
          OwnerId id = session.owners().nextId();
          User user = new User(id, name, "", "", "", administrator, false, clock.now, 1);
          session.owners().insert(user, Optional.empty());
          return new Actor.Person(user, Optional.empty(), "127.0.0.1");
        });
  }

  private Project project(Actor owner, String name) {
    return project(id(owner), name);
  }

  static OwnerId id(Actor person) {
    return ((Actor.Person) person).user().id();
  }

  Project project(OwnerId owner, String name) {
    Project project =
        new Project(
            new ProjectId(ids.next()),
            owner,
            name,
            "",
            "valohai.yaml",
            Optional.empty(),
            Optional.empty(),
            clock.now,
            clock.now,
            Optional.empty(),
            1);
    database.transact(
        session -> {
          session.projects().insert(project);
          return true;
        });
    return project;
  }

  static byte[] tgz(String name, String text) throws IOException {
    byte[] content = text.getBytes(StandardCharsets.UTF_8);
    byte[] header = new byte[512];
    put(header, 0, name);
    put(header, 100, "0000644");
    put(header, 124, "%011o".formatted(content.length));
    header[156] = '0';
    put(header, 257, "ustar");
    Arrays.fill(header, 148, 156, (byte) ' ');
    int sum = 0;
    for (byte b : header) {
      sum += b & 0xff;
    }
    put(header, 148, "%06o\0 ".formatted(sum));
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(header);
      out.write(content);
      out.write(new byte[(512 - content.length % 512) % 512 + 1024]);
    }
    return packed.toByteArray();
  }

  private static void put(byte[] header, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    System.arraycopy(bytes, 0, header, at, bytes.length);
  }

  /** A clock that stands still until it is moved. */
  public static final class TestClock extends Clock {
    public Instant now = Instant.parse("2026-11-23T10:00:00Z");

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return now;
    }
  }

  /** Blobs in memory; {@code away} says why the store is not there. */
  public static final class MemoryBlobs implements Blobs {
    public final Map<String, byte[]> held = new HashMap<>();
    public Optional<String> away = Optional.empty();

    /** What is thrown for keys that end so. */
    public final Map<String, StoreUnavailable> refusing = new HashMap<>();

    /** Why single stores are away, by their names. */
    public final Map<String, String> awayByName = new HashMap<>();

    int writes;

    @Override
    public Optional<String> missing(DataStore store) {
      return away.or(() -> Optional.ofNullable(awayByName.get(store.name())));
    }

    @Override
    public Optional<Blob> stat(DataStore store, String key) {
      check();
      refusing.forEach(
          (end, failure) -> {
            if (key.endsWith(end)) {
              throw failure;
            }
          });
      return Optional.ofNullable(held.get(key))
          .map(b -> new Blob(new BlobKey(key), b.length, "e", Instant.EPOCH));
    }

    @Override
    public Optional<InputStream> read(DataStore store, String key, ByteRange range) {
      check();
      return Optional.ofNullable(held.get(key))
          .map(
              bytes -> {
                int from = (int) range.from();
                return new ByteArrayInputStream(bytes, from, bytes.length - from);
              });
    }

    /** Called before a file is taken: a store may take its time. */
    public Runnable slow = () -> {};

    @Override
    public void ensure(DataStore store, String key, Path file) {
      slow.run();
      check();
      writes++;
      try {
        held.put(key, Files.readAllBytes(file));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public Blob write(DataStore store, String key, InputStream body, long bytes) {
      check();
      try {
        held.put(key, body.readAllBytes());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return stat(store, key).orElseThrow();
    }

    @Override
    public void delete(DataStore store, String key) {
      check();
      held.remove(key);
    }

    private void check() {
      away.ifPresent(
          why -> {
            throw new StoreUnavailable(why);
          });
    }
  }

  public static final class NoTransfers implements Transfers {
    @Override
    public Transfer download(
        DataStore store, String key, Optional<String> fileName, Duration validity, String base) {
      return new Transfer("GET", base + "/transfer/" + key, Map.of(), Instant.EPOCH);
    }

    @Override
    public Transfer upload(
        DataStore store, String key, long bytes, Duration validity, String base) {
      return new Transfer("PUT", base + "/transfer/" + key, Map.of(), Instant.EPOCH);
    }
  }

  private static final class NoLogs implements LogReader {
    @Override
    public LogTail follow(LogPosition from) {
      return (execution, lines, taker) -> new LogTail.Found(false, true);
    }

    @Override
    public LogView open(
        Execution execution, int limit, java.util.Set<dev.millrace.engine.logs.LogStream> streams) {
      return new LogView() {
        @Override
        public long total() {
          return 0;
        }

        @Override
        public boolean truncated() {
          return false;
        }

        @Override
        public void forEach(Consumer<LogLine> consumer) {
          // There are no lines.
        }

        @Override
        public void close() {
          // Nothing is open.
        }
      };
    }
  }
}
