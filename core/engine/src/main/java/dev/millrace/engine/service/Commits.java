package dev.millrace.engine.service;

import dev.millrace.engine.artifacts.Blobs;
import dev.millrace.engine.artifacts.CodePackage;
import dev.millrace.engine.artifacts.StoreUnavailable;
import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.CodeArchive;
import dev.millrace.engine.domain.Commit;
import dev.millrace.engine.domain.CommitId;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.Repository;
import dev.millrace.engine.domain.Uuid7;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.DuplicateRow;
import dev.millrace.engine.store.Keys;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.Slice;
import dev.millrace.engine.store.Stretch;
import dev.millrace.engine.yaml.ConfigReader;
import dev.millrace.engine.yaml.ConfigReading;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Fixed states of projects' code: takes ad-hoc uploads, and finds what is there. */
@Component(service = Commits.class)
public final class Commits {
  private static final int MAX_DESCRIPTION = 1_000;
  private static final String DEFAULT_YAML = "valohai.yaml";

  private final Database database;
  private final Access access;
  private final Audit audit;
  private final Blobs blobs;
  private final Settings settings;
  private final Clock clock;
  private final Uuid7 ids;
  private final ConfigReader configs = new ConfigReader();

  @Activate
  public Commits(
      @Reference Database database,
      @Reference Access access,
      @Reference Audit audit,
      @Reference Blobs blobs,
      @Reference Settings settings,
      @Reference Clock clock) {
    this.database = database;
    this.access = access;
    this.audit = audit;
    this.blobs = blobs;
    this.settings = settings;
    this.clock = clock;
    this.ids = new Uuid7(clock);
  }

  /**
   * Begins an upload of code that is in no repository. Throws {@link NotFound} or {@link Denied}
   * before a byte is read.
   */
  public CodeUpload begin(Actor actor, ProjectId projectId) {
    Project project =
        database.read(
            session -> {
              Project found = project(session, access.scopeOf(session, actor), projectId);
              access.requireWrite(session, actor, found);
              return found;
            });
    try {
      Path folder = Files.createDirectories(settings.data().resolve("uploads"));
      return new CodeUpload(
          project, Files.createTempFile(folder, "code-", ".tgz"), settings.codeLimits().bytes());
    } catch (IOException e) {
      throw new UncheckedIOException("no upload can be written below the data folder", e);
    }
  }

  /**
   * Makes a commit of what was received; the same bytes twice in a project are the same commit.
   *
   * @param yamlPath where the configuration is in the archive; the project's own where empty
   * @throws Invalid if the archive must not be unpacked, or its configuration has errors
   * @throws Unavailable if the data store cannot take it now
   */
  public CommitView finish(
      Actor actor, CodeUpload upload, String description, Optional<String> yamlPath) {
    Project project = upload.project();
    if (!upload.received()) {
      throw Invalid.field("data", "Send the archive as the part \"data\"", "required");
    }
    new Problems().upTo("description", description, MAX_DESCRIPTION).throwIfAny();
    String path = yamlPath(project, yamlPath);
    String identifier = "~" + upload.sha256();
    Optional<Commit> known =
        database.read(
            session ->
                session.commits().byIdentifier(new Scope.Everything(), project.id(), identifier));
    if (known.isPresent() && known.get().yamlPath().equals(path)) {
      return new CommitView(known.get(), project, Optional.empty());
    }
    String config = config(upload, path);
    DataStore store =
        database
            .read(session -> DefaultStore.of(session, project))
            .orElseThrow(
                () ->
                    new Unavailable(
                        "store_missing",
                        "This installation has no data store; ask the administrator to add one"));
    String key = CodeArchive.key(project.id(), upload.sha256());
    try {
      blobs.ensure(store, key, upload.file());
    } catch (StoreUnavailable e) {
      throw Refusal.of(e);
    }
    CodeArchive archive =
        new CodeArchive(
            store.id(), key, upload.sha256(), upload.bytes(), CodeArchive.Format.TAR_GZ);
    Instant now = clock.instant();
    Commit commit =
        new Commit(
            known.map(Commit::id).orElseGet(() -> new CommitId(ids.next())),
            project.id(),
            identifier,
            true,
            List.of("adhoc"),
            description,
            now,
            now,
            path,
            Optional.of(config),
            Optional.of(archive));
    return new CommitView(store(actor, commit, known.isPresent()), project, Optional.empty());
  }

  /** The commit of that id, or of that identifier, in the project or in any that the actor sees. */
  public CommitView find(Actor actor, String name, Optional<ProjectId> project) {
    return database.read(
        session -> {
          Scope scope = access.scopeOf(session, actor);
          Commit commit =
              byId(session, scope, name)
                  .or(
                      () ->
                          project.isPresent()
                              ? session.commits().byIdentifier(scope, project.get(), name)
                              : session.commits().byIdentifier(scope, name, 1).stream().findFirst())
                  .filter(c -> project.isEmpty() || project.get().equals(c.project()))
                  .orElseThrow(() -> new NotFound("Commit"));
          return new CommitView(
              commit,
              project(session, scope, commit.project()),
              repository(session, commit.project()));
        });
  }

  /** Newest first, without configurations. */
  public Listing<CommitView> list(
      Actor actor, Optional<ProjectId> project, Optional<Boolean> adhoc, Slice slice) {
    return Listing.of(
        slice,
        keys(actor, project, adhoc, slice),
        some -> database.list(session -> read(session, some)));
  }

  private Keys<CommitId> keys(
      Actor actor, Optional<ProjectId> project, Optional<Boolean> adhoc, Slice slice) {
    return database.list(
        session -> session.commits().keys(access.scopeOf(session, actor), project, adhoc, slice));
  }

  private static Stretch<CommitView> read(Session session, List<CommitId> keys) {
    Scope all = new Scope.Everything();
    Map<ProjectId, Project> projects = new HashMap<>();
    Map<ProjectId, Optional<Integer>> repositories = new HashMap<>();
    return session
        .commits()
        .read(keys)
        .map(
            c ->
                new CommitView(
                    c,
                    projects.computeIfAbsent(c.project(), id -> project(session, all, id)),
                    repositories.computeIfAbsent(c.project(), id -> repository(session, id))));
  }

  /**
   * All rows of the slice in one answer; {@link NotFound} where the actor may not see the project.
   */
  public Listing<CommitView> ofProject(Actor actor, ProjectId id, Slice slice) {
    database.read(session -> project(session, access.scopeOf(session, actor), id));
    return Listing.whole(
        slice, keys(actor, Optional.of(id), Optional.empty(), slice), database, Commits::read);
  }

  /** How many commits the project has, fetched and uploaded. */
  static long count(Session session, ProjectId project) {
    return session
        .commits()
        .list(new Scope.Everything(), Optional.of(project), Optional.empty(), Slice.first(0))
        .total();
  }

  private Commit store(Actor actor, Commit commit, boolean known) {
    try {
      return database.transact(
          session -> {
            if (known) {
              session.commits().update(commit);
            } else {
              Ceiling.check(
                  count(session, commit.project()), Ceiling.COMMITS, "The project", "commits");
              session.commits().insert(commit);
            }
            audit.record(
                session,
                actor,
                "commit.upload",
                "commit:" + commit.id(),
                Map.of(),
                Map.of(
                    "project",
                    commit.project().toString(),
                    "identifier",
                    commit.identifier(),
                    "yaml_path",
                    commit.yamlPath()));
            return commit;
          });
    } catch (DuplicateRow e) {
      // Somebody uploaded the same bytes at the same moment: theirs is as good.
      return database
          .read(
              session ->
                  session
                      .commits()
                      .byIdentifier(new Scope.Everything(), commit.project(), commit.identifier()))
          .orElseThrow(() -> e);
    }
  }

  private String config(CodeUpload upload, String path) {
    Optional<String> text;
    try {
      text = CodePackage.read(upload.file(), path, settings.codeLimits());
    } catch (CodePackage.Refused e) {
      throw Invalid.field("data", "The archive is refused: " + e.getMessage(), "invalid_archive");
    } catch (IOException e) {
      throw new UncheckedIOException("an upload could not be read back", e);
    }
    String config =
        text.orElseThrow(
            () ->
                Invalid.field(
                    "yaml_path", "There is no file " + path + " in the archive", "no_config"));
    ConfigReading reading = configs.read(config);
    Problems problems = new Problems();
    reading
        .errors()
        .forEach(e -> problems.add("yaml_path", path + ": " + e.describe(), "invalid_config"));
    problems.throwIfAny();
    return config;
  }

  private static String yamlPath(Project project, Optional<String> asked) {
    String path =
        asked
            .filter(p -> !p.isBlank())
            .or(() -> Optional.of(project.yamlPath()).filter(p -> !p.isBlank()))
            .orElse(DEFAULT_YAML)
            .strip();
    boolean good =
        path.length() <= 1_000
            && Submissions.plain(path)
            && !path.startsWith("/")
            && List.of(path.split("/", -1)).stream()
                .noneMatch(p -> p.isEmpty() || p.equals(".") || p.equals(".."));
    if (!good) {
      throw Invalid.field(
          "yaml_path", "Give the path from the archive's root, without \"..\"", "invalid");
    }
    return path;
  }

  private static Optional<Commit> byId(Session session, Scope scope, String text) {
    try {
      return session.commits().find(scope, CommitId.parse(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static Optional<Integer> repository(Session session, ProjectId id) {
    return session.projects().repository(id).map(Repository::id);
  }

  private static Project project(Session session, Scope scope, ProjectId id) {
    return session.projects().find(scope, id).orElseThrow(() -> new NotFound("Project"));
  }
}
