package dev.millrace.engine.service;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.domain.StoreId;
import dev.millrace.engine.domain.User;
import dev.millrace.engine.domain.Uuid7;
import dev.millrace.engine.keys.InstallationKey;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.DuplicateRow;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.Slice;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fills an empty database: the installation's id, the administrator, a store and an environment.
 * Each part is made once, in one transaction, and a start that was killed is finished by the next
 * one.
 */
@Component(service = FirstStart.class, immediate = true)
public final class FirstStart {
  /** The setting that holds the installation's id. */
  public static final String INSTALLATION = "installation.id";

  private static final Logger log = LoggerFactory.getLogger(FirstStart.class);
  private static final String ADMIN = "admin";

  private final Database database;
  private final Audit audit;
  private final Passwords passwords;
  private final Tokens tokens;
  private final Settings settings;
  private final Clock clock;

  @Activate
  public FirstStart(
      @Reference Database database,
      @Reference Audit audit,
      @Reference Passwords passwords,
      @Reference Tokens tokens,
      @Reference Settings settings,
      @Reference Clock clock) {
    this.database = database;
    this.audit = audit;
    this.passwords = passwords;
    this.tokens = tokens;
    this.settings = settings;
    this.clock = clock;
    fill();
  }

  private void fill() {
    Uuid7 ids = new Uuid7(clock);
    database.transact(
        session -> session.settings().putIfAbsent(INSTALLATION, ids.next().toString()));
    makeAdmin();
    try {
      database.transact(session -> makeStore(session, new StoreId(ids.next())));
      database.transact(session -> makeEnvironment(session, new EnvironmentId(ids.next())));
    } catch (DuplicateRow e) {
      log.info("first-start=shared reason=\"another master made the {}\"", e.constraint());
    }
  }

  /**
   * The credentials go to disk under another name first, then the rows are committed, then the file
   * gets its name. So neither a file without its user nor a user without their file outlives a
   * crash.
   */
  private void makeAdmin() {
    CredentialsFile file = new CredentialsFile(settings.data().resolve("initial-admin.json"));
    file.unfinished()
        .ifPresent(
            token -> {
              String hash = InstallationKey.hash(token);
              if (database.read(session -> session.tokens().byHash(hash).isPresent())) {
                file.publish();
              } else {
                file.discard();
              }
            });
    if (database.read(session -> session.owners().users(Slice.first(1)).total() > 0)) {
      return;
    }
    Secret password = passwords.generate();
    Tokens.Fresh token = tokens.fresh();
    file.prepare(ADMIN, password, token.text());
    String hash = passwords.hash(password);
    try {
      database.transact(
          session -> {
            User user =
                new User(
                    session.owners().nextId(), ADMIN, "", "", "", true, false, clock.instant(), 1);
            session.owners().insert(user, Optional.of(hash));
            audit.record(
                session,
                new Actor.Engine(),
                "user.create",
                "user:" + user.id(),
                Map.of(),
                Map.of("username", ADMIN, "admin", true));
            tokens.insert(
                session, new Actor.Engine(), user.id(), "initial", Optional.empty(), token);
            return user;
          });
    } catch (DuplicateRow e) {
      file.discard();
      return;
    }
    file.publish();
    log.info("first-start=admin user={} file={}", ADMIN, file.path());
  }

  private boolean makeStore(Session session, StoreId id) {
    if (session.dataStores().list(new Scope.Everything(), Slice.first(1)).total() > 0) {
      return false;
    }
    Instant now = clock.instant();
    session
        .dataStores()
        .insert(
            new DataStore(
                id,
                "default",
                Optional.empty(),
                "default",
                "filesystem",
                folderUri(),
                now,
                now,
                1));
    return true;
  }

  private String folderUri() {
    String uri = settings.data().resolve("store").toUri().toString();
    return uri.endsWith("/") ? uri : uri + "/";
  }

  private boolean makeEnvironment(Session session, EnvironmentId id) {
    if (session.environments().list(new Scope.Everything(), Slice.first(1)).total() > 0) {
      return false;
    }
    Instant now = clock.instant();
    session
        .environments()
        .insert(
            new Environment(
                id,
                "local",
                "Local",
                Optional.empty(),
                "The machine of this installation",
                true,
                Optional.of("local"),
                "",
                (int) settings.number("millrace.local.slots", 4),
                0,
                1,
                15,
                Environment.Runtime.AUTO,
                Optional.empty(),
                List.of(),
                now,
                now,
                1));
    return true;
  }

  /** The id of this installation: what machines and artifacts are marked with. */
  public UUID installation() {
    return UUID.fromString(
        database.read(session -> session.settings().get(INSTALLATION)).orElseThrow());
  }
}
