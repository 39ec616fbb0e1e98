package dev.millrace.engine.service;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.Commit;
import dev.millrace.engine.domain.CommitId;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.Repository;
import dev.millrace.engine.domain.RepositoryLogin;
import dev.millrace.engine.domain.Sealed;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.domain.Uuid7;
import dev.millrace.engine.keys.InstallationKey;
import dev.millrace.engine.source.CodeSource;
import dev.millrace.engine.source.FetchedCommit;
import dev.millrace.engine.source.SourceException;
import dev.millrace.engine.source.SourceLogin;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings what is new in projects' Git repositories. */
@Component(service = Fetches.class)
public final class Fetches {
  private static final Logger log = LoggerFactory.getLogger(Fetches.class);

  /** Commits that one fetch looks at, newest first. */
  private static final int MAX_COMMITS = 500;

  private static final int MAX_CONFIG_BYTES = 1 << 20;

  private final Database database;
  private final Access access;
  private final Audit audit;
  private final CodeSource source;
  private final InstallationKey key;
  private final Clock clock;
  private final Uuid7 ids;

  @Activate
  public Fetches(
      @Reference Database database,
      @Reference Access access,
      @Reference Audit audit,
      @Reference CodeSource source,
      @Reference InstallationKey key,
      @Reference Clock clock) {
    this.database = database;
    this.access = access;
    this.audit = audit;
    this.source = source;
    this.key = key;
    this.clock = clock;
    this.ids = new Uuid7(clock);
  }

  /** What a fetch found, and what it could not read; messages are for users. */
  public record Fetched(List<Tip> commits, List<String> errors) {}

  /** The newest commit of a branch or tag. */
  public record Tip(String ref, String identifier) {}

  /**
   * Fetches the project's repository and makes commits of what is new. What cannot be read is told,
   * not thrown: a fetch that fails changes nothing.
   */
  public Fetched fetch(Actor actor, ProjectId id) {
    Project project =
        database.read(
            session -> {
              Project found = project(session, actor, id);
              access.requireWrite(session, actor, found);
              return found;
            });
    Repository repository =
        database
            .read(session -> session.projects().repository(id))
            .orElseThrow(
                () ->
                    Invalid.nonField(
                        "The project has no repository; set one, or run ad-hoc code",
                        "no_repository"));
    List<FetchedCommit> found;
    List<String> errors = new ArrayList<>();
    try {
      found = source.fetch(repository, login(repository), MAX_COMMITS);
    } catch (SourceException e) {
      return new Fetched(List.of(), List.of(String.valueOf(e.getMessage())));
    }
    int made = 0;
    long known = database.read(session -> Commits.count(session, id));
    for (FetchedCommit commit : found) {
      if (known + made >= Ceiling.COMMITS) {
        errors.add(Ceiling.message(known + made, "The project", "commits"));
        break;
      }
      try {
        if (store(project, commit)) {
          made++;
          if (!commit.refs().isEmpty()) {
            errors.addAll(source.notices(id, commit.identifier()));
          }
        }
      } catch (SourceException e) {
        errors.add(String.valueOf(e.getMessage()));
      }
    }
    if (found.isEmpty() && !repository.refs().isEmpty()) {
      errors.add("The repository has none of the refs " + String.join(", ", repository.refs()));
    }
    int fresh = made;
    database.transact(
        session -> {
          audit.record(
              session, actor, "project.fetch", "project:" + id, Map.of(), Map.of("commits", fresh));
          return true;
        });
    return new Fetched(
        found.stream()
            .flatMap(c -> c.refs().stream().map(ref -> new Tip(ref, c.identifier())))
            .toList(),
        errors);
  }

  /**
   * What the fetch may show to the server. What was sealed for another server, or under a key that
   * is gone, counts as not given.
   */
  private SourceLogin login(Repository repository) throws SourceException {
    RepositoryLogin login = repository.login();
    String server = source.check(repository.url()).server();
    return new SourceLogin(
        login.username(),
        login
            .password()
            .flatMap(
                kept -> unsealed(kept, Repository.passwordContext(repository.project(), server))),
        login.hostKeys(),
        login
            .key()
            .flatMap(
                pair -> unsealed(pair.privateKey(), Repository.keyContext(repository.project()))));
  }

  private Optional<Secret> unsealed(Sealed kept, String context) {
    try {
      return Optional.of(key.unseal(kept, context));
    } catch (IllegalStateException e) {
      log.warn("a login cannot be unsealed for={} action=\"set it again\"", context);
      return Optional.empty();
    }
  }

  private boolean store(Project project, FetchedCommit fetched) throws SourceException {
    Scope all = new Scope.Everything();
    Optional<Commit> known =
        database.read(
            session -> session.commits().byIdentifier(all, project.id(), fetched.identifier()));
    if (known.isPresent()) {
      Commit commit = known.get();
      if (!commit.refs().equals(fetched.refs())) {
        database.transact(
            session -> {
              session.commits().update(row(commit.id(), project, fetched, commit.config(), commit));
              return true;
            });
      }
      return false;
    }
    Optional<String> config =
        source.file(project.id(), fetched.identifier(), project.yamlPath(), MAX_CONFIG_BYTES);
    database.transact(
        session -> {
          if (session.commits().byIdentifier(all, project.id(), fetched.identifier()).isEmpty()) {
            session.commits().insert(row(new CommitId(ids.next()), project, fetched, config, null));
          }
          return true;
        });
    return true;
  }

  private Commit row(
      CommitId id,
      Project project,
      FetchedCommit fetched,
      Optional<String> config,
      @Nullable Commit known) {
    return new Commit(
        id,
        project.id(),
        fetched.identifier(),
        false,
        fetched.refs(),
        fetched.message(),
        fetched.commitTime(),
        known == null ? clock.instant() : known.createdAt(),
        known == null ? project.yamlPath() : known.yamlPath(),
        config,
        known == null ? Optional.empty() : known.archive());
  }

  private Project project(Session session, Actor actor, ProjectId id) {
    return session
        .projects()
        .find(access.scopeOf(session, actor), id)
        .orElseThrow(() -> new NotFound("Project"));
  }
}
