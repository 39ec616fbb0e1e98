package dev.millrace.engine.service;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.domain.User;
import dev.millrace.engine.domain.WebSession;
import dev.millrace.engine.keys.InstallationKey;
import dev.millrace.engine.store.Database;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * Logins in browsers: a random cookie, kept as its hash, good for twelve hours or until logout. A
 * new password and a disabled user end all sessions of that user.
 */
@Component(service = WebSessions.class)
public final class WebSessions {
  /** How long a session is good. */
  public static final Duration VALIDITY = Duration.ofHours(12);

  private static final String FORM = "web form v1";
  private static final int LONGEST_COOKIE = 200;

  /** Sessions that one user may have at a time; the oldest give way. */
  private static final int MOST = 20;

  private final Database database;
  private final Logins logins;
  private final Audit audit;
  private final InstallationKey key;
  private final Clock clock;

  @Activate
  public WebSessions(
      @Reference Database database,
      @Reference Logins logins,
      @Reference Audit audit,
      @Reference InstallationKey key,
      @Reference Clock clock) {
    this.database = database;
    this.logins = logins;
    this.audit = audit;
    this.key = key;
    this.clock = clock;
  }

  /**
   * A session for a name and a password; returns its cookie. Throws {@link Invalid} for a wrong
   * pair and {@link TooMany} after too many of them.
   */
  public Secret open(String username, Secret password, String address) {
    User user = logins.check(username, password, address);
    Secret cookie = key.newToken();
    Instant now = clock.instant();
    database.transact(
        session -> {
          session.webSessions().trim(user.id(), MOST - 1);
          session
              .webSessions()
              .insert(
                  new WebSession(
                      InstallationKey.hash(cookie), user.id(), address, now, now.plus(VALIDITY)));
          audit.record(
              session,
              new Actor.Person(user, Optional.empty(), address),
              "session.open",
              "user:" + user.id(),
              Map.of(),
              Map.of("expires", now.plus(VALIDITY)));
          return true;
        });
    return cookie;
  }

  /** The person whom a cookie speaks for; empty if it is unknown, too old, or they are disabled. */
  public Optional<Actor.Person> find(String cookie, String address) {
    if (cookie.isEmpty() || cookie.length() > LONGEST_COOKIE) {
      return Optional.empty();
    }
    String hash = InstallationKey.hash(Secret.of(cookie));
    return database.read(
        session ->
            session
                .webSessions()
                .byHash(hash)
                .filter(s -> clock.instant().isBefore(s.expiresAt()))
                .flatMap(s -> Users.user(session, s.user()))
                .filter(user -> !user.disabled())
                .map(user -> new Actor.Person(user, Optional.empty(), address)));
  }

  /** Ends a session; one that has ended stays so. */
  public void close(Actor actor, String cookie) {
    String hash = InstallationKey.hash(Secret.of(cookie));
    database.transact(
        session -> {
          Optional<WebSession> found = session.webSessions().byHash(hash);
          if (found.isPresent() && session.webSessions().delete(hash)) {
            audit.record(
                session, actor, "session.close", "user:" + found.get().user(), Map.of(), Map.of());
          }
          return true;
        });
  }

  /** What a form must carry to act for that cookie: nobody can work it out from another page. */
  public String formToken(String cookie) {
    return key.sign(FORM, InstallationKey.hash(Secret.of(cookie)));
  }

  /** Whether a form carried what {@link #formToken} gave for that cookie. */
  public boolean rightFormToken(String cookie, String token) {
    return key.verify(FORM, InstallationKey.hash(Secret.of(cookie)), token);
  }

  /** A random text for forms that are sent before there is a session. */
  public String newFormCookie() {
    return key.newToken().reveal();
  }
}
