package dev.millrace.engine.service;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.DeployKey;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.Repository;
import dev.millrace.engine.domain.RepositoryLogin;
import dev.millrace.engine.domain.Sealed;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.keys.InstallationKey;
import dev.millrace.engine.source.CodeSource;
import dev.millrace.engine.source.NewKey;
import dev.millrace.engine.source.SourceAddress;
import dev.millrace.engine.source.SourceException;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Rows;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.Slice;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** From which Git repositories projects' commits come, and how to log in there. */
@Component(service = Repositories.class)
public final class Repositories {
  private static final Pattern REF = Pattern.compile("[A-Za-z0-9_][\\w./+@-]{0,249}");
  private static final int MOST_REFS = 100;
  private static final int MAX_URL = 1_000;
  private static final int MAX_PASSWORD = 2_000;
  private static final int MAX_HOST_KEYS = 10_000;

  private final Database database;
  private final Access access;
  private final Audit audit;
  private final CodeSource source;
  private final InstallationKey key;

  @Activate
  public Repositories(
      @Reference Database database,
      @Reference Access access,
      @Reference Audit audit,
      @Reference CodeSource source,
      @Reference InstallationKey key) {
    this.database = database;
    this.access = access;
    this.audit = audit;
    this.source = source;
    this.key = key;
  }

  /** A project's repository, with the project. */
  public record Source(Repository repository, Project project) {}

  /**
   * What a user may set. An absent user name, password or host key stays as it is while the address
   * stays on the same server; an empty one is taken away.
   */
  public record Wish(
      String url,
      List<String> refs,
      Optional<String> username,
      Optional<Secret> password,
      Optional<String> hostKeys) {}

  /** The repositories of the projects that the actor may see. */
  public Rows<Source> list(Actor actor, Slice slice) {
    return database.list(
        session -> {
          Scope scope = access.scopeOf(session, actor);
          Rows<Repository> rows = session.projects().repositories(scope, slice);
          return new Rows<>(
              rows.items().stream()
                  .flatMap(
                      r ->
                          session.projects().find(scope, r.project()).stream()
                              .map(p -> new Source(r, p)))
                  .toList(),
              rows.total());
        });
  }

  /** The project's repository; {@link NotFound} if it has none. */
  public Repository find(Actor actor, ProjectId id) {
    return database.read(
        session -> {
          visible(session, actor, id);
          return existing(session, id);
        });
  }

  /**
   * Says from which Git repository the project's commits come and how to log in there. A password
   * never goes along to another server: with an address elsewhere it has to be given again. The
   * first SSH address makes the project's key.
   */
  public Repository put(Actor actor, ProjectId id, Wish wish) {
    // Before the address is judged: of another owner's project nothing is told.
    Optional<Repository> before =
        database.read(
            session -> {
              access.requireWrite(session, actor, visible(session, actor, id));
              return session.projects().repository(id);
            });
    SourceAddress address = checked(wish);
    boolean needsKey =
        address.kind() == SourceAddress.Kind.SSH && before.flatMap(r -> r.login().key()).isEmpty();
    Optional<DeployKey> made = needsKey ? Optional.of(makeKey(id)) : Optional.empty();
    return database.transact(
        session -> {
          Project project = visible(session, actor, id);
          access.requireWrite(session, actor, project);
          Optional<Repository> old = session.projects().repository(id);
          Repository after =
              new Repository(
                  old.map(Repository::id).orElseGet(() -> session.projects().nextRepositoryId()),
                  id,
                  wish.url(),
                  wish.refs().isEmpty() ? List.of("master", "main") : wish.refs(),
                  login(id, wish, address, old, made),
                  old.map(r -> r.version() + 1).orElse(1L));
          session.projects().put(after);
          audit.record(
              session,
              actor,
              "project.repository",
              "project:" + id,
              old.map(Repositories::facts).orElse(Map.of()),
              facts(after));
          return after;
        });
  }

  /**
   * Replaces the project's SSH key. The old one is forgotten: its public half can be taken off the
   * server.
   */
  public Repository newKey(Actor actor, ProjectId id) {
    database.read(
        session -> {
          access.requireWrite(session, actor, visible(session, actor, id));
          return existing(session, id);
        });
    DeployKey made = makeKey(id);
    return database.transact(
        session -> {
          access.requireWrite(session, actor, visible(session, actor, id));
          Repository before = existing(session, id);
          RepositoryLogin login = before.login();
          Repository after =
              new Repository(
                  before.id(),
                  id,
                  before.url(),
                  before.refs(),
                  new RepositoryLogin(
                      login.username(), login.password(), login.hostKeys(), Optional.of(made)),
                  before.version() + 1);
          session.projects().put(after);
          audit.record(
              session,
              actor,
              "project.repository_key",
              "project:" + id,
              facts(before),
              facts(after));
          return after;
        });
  }

  private SourceAddress checked(Wish wish) {
    Problems problems = new Problems();
    problems.text("url", wish.url(), MAX_URL);
    Optional<SourceAddress> address = Optional.empty();
    if (!problems.any()) {
      try {
        address = Optional.of(source.check(wish.url()));
      } catch (SourceException e) {
        problems.add("url", String.valueOf(e.getMessage()), "refused");
      }
    }
    problems.check(
        wish.refs().size() <= MOST_REFS,
        "ref",
        "At most " + MOST_REFS + " refs are fetched",
        "max_length");
    for (String ref : wish.refs()) {
      problems.check(
          REF.matcher(ref).matches() && !ref.contains("..") && !ref.endsWith(".lock"),
          "ref",
          "\"" + ref + "\" is no name of a ref",
          "invalid");
    }
    login(wish, address.map(SourceAddress::kind), problems);
    problems.throwIfAny();
    return address.orElseThrow();
  }

  private void login(Wish wish, Optional<SourceAddress.Kind> kind, Problems problems) {
    String username = wish.username().orElse("");
    problems.check(
        username.length() <= 255
            && username.indexOf(':') < 0
            && username.chars().noneMatch(Character::isISOControl),
        "username",
        "A user name has at most 255 characters and no colon",
        "invalid");
    String password = wish.password().map(Secret::reveal).orElse("");
    problems.check(
        password.length() <= MAX_PASSWORD && password.chars().noneMatch(Character::isISOControl),
        "password",
        "A password or token has at most " + MAX_PASSWORD + " characters on one line",
        "invalid");
    problems.check(
        password.isEmpty() || kind.isEmpty() || kind.get() == SourceAddress.Kind.HTTPS,
        "password",
        "A password is only sent over HTTPS: give an https:// address, or an SSH address, which"
            + " takes the project's key",
        "not_https");
    String hostKeys = wish.hostKeys().orElse("");
    problems.upTo("host_key", hostKeys, MAX_HOST_KEYS);
    if (!hostKeys.isBlank() && hostKeys.length() <= MAX_HOST_KEYS) {
      try {
        source.checkHostKeys(hostKeys);
      } catch (SourceException e) {
        problems.add("host_key", String.valueOf(e.getMessage()), "invalid");
      }
    }
  }

  private RepositoryLogin login(
      ProjectId id,
      Wish wish,
      SourceAddress address,
      Optional<Repository> before,
      Optional<DeployKey> made) {
    RepositoryLogin old = before.map(Repository::login).orElse(RepositoryLogin.NONE);
    boolean same = before.isPresent() && sameServer(before.get().url(), address);
    RepositoryLogin kept = same ? old : RepositoryLogin.NONE;
    Optional<Sealed> password =
        wish.password().isEmpty()
            ? kept.password()
            : wish.password()
                .filter(p -> !p.reveal().isEmpty())
                .map(p -> key.seal(p, Repository.passwordContext(id, address.server())));
    return new RepositoryLogin(
        wish.username().orElse(kept.username()),
        password,
        wish.hostKeys().map(String::strip).orElse(kept.hostKeys()),
        old.key().or(() -> made));
  }

  private boolean sameServer(String url, SourceAddress address) {
    try {
      return source.check(url).server().equals(address.server());
    } catch (SourceException e) {
      // An address that is refused today: nothing of it is kept.
      return false;
    }
  }

  private DeployKey makeKey(ProjectId id) {
    try {
      NewKey pair = source.newKey("millrace-" + id);
      return new DeployKey(
          pair.publicKey(), key.seal(pair.privateKey(), Repository.keyContext(id)));
    } catch (SourceException e) {
      throw new IllegalStateException("this Java makes no ed25519 key", e);
    }
  }

  private Project visible(Session session, Actor actor, ProjectId id) {
    return session
        .projects()
        .find(access.scopeOf(session, actor), id)
        .filter(p -> p.deletedAt().isEmpty())
        .orElseThrow(() -> new NotFound("Project"));
  }

  private static Repository existing(Session session, ProjectId id) {
    return session.projects().repository(id).orElseThrow(() -> new NotFound("Repository"));
  }

  private static Map<String, Object> facts(Repository repository) {
    RepositoryLogin login = repository.login();
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("url", repository.url());
    facts.put("refs", repository.refs());
    facts.put("username", login.username());
    facts.put("has_password", login.password().isPresent());
    facts.put("host_key", login.hostKeys());
    facts.put("public_key", login.key().map(DeployKey::publicKey));
    return facts;
  }
}
