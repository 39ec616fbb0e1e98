package dev.millrace.engine.service;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.domain.User;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.OwnerStore;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs in by password. Within 15 minutes an account stands ten failures and an address thirty; then
 * even the right password is refused until some of them are older than that. Tokens go on working
 * meanwhile.
 */
@Component(service = Logins.class)
public final class Logins {
  /** How far back failures count. */
  static final Duration WINDOW = Duration.ofMinutes(15);

  static final int MOST_FOR_ACCOUNT = 10;
  static final int MOST_FOR_ADDRESS = 30;

  private static final Logger log = LoggerFactory.getLogger(Logins.class);
  private static final int NAME_CHARS = 150;

  private final Database database;
  private final Passwords passwords;
  private final Tokens tokens;
  private final Clock clock;

  @Activate
  public Logins(
      @Reference Database database,
      @Reference Passwords passwords,
      @Reference Tokens tokens,
      @Reference Clock clock) {
    this.database = database;
    this.passwords = passwords;
    this.tokens = tokens;
    this.clock = clock;
  }

  /**
   * The user with that name and password. Throws {@link Invalid} for a wrong pair, without saying
   * which half is wrong, and {@link TooMany} after too many of them.
   */
  public User check(String username, Secret password, String address) {
    new Problems()
        .check(!username.isBlank(), "username", "This field is required.", "required")
        .check(!password.reveal().isEmpty(), "password", "This field is required.", "required")
        .throwIfAny();
    String account = "account:" + username.substring(0, Math.min(username.length(), NAME_CHARS));
    String from = "address:" + address;
    reserve(account, from);
    Optional<Stored> stored = database.read(session -> find(session.owners(), username));
    boolean right;
    if (stored.isPresent()) {
      right = passwords.matches(password, stored.get().hash());
    } else {
      passwords.matchesNobody(password);
      right = false;
    }
    if (stored.isEmpty() || !right || stored.get().user().disabled()) {
      database.transact(
          session -> {
            session.attempts().add(from, clock.instant());
            return true;
          });
      log.info("login=refused address={}", address);
      throw Invalid.nonField("Unable to log in with the provided credentials.", "authorization");
    }
    database.transact(
        session -> {
          session.attempts().clear(account);
          return true;
        });
    return stored.get().user();
  }

  /** A new API token for a user who proved their password. */
  public Tokens.Made token(String username, Secret password, String address) {
    User user = check(username, password, address);
    Actor actor = new Actor.Person(user, Optional.empty(), address);
    return database.transact(
        session -> {
          tokens.retireOldLogins(session, user.id());
          return tokens.insert(session, actor, user.id(), Tokens.LOGIN_NAME, Optional.empty());
        });
  }

  private record Stored(User user, String hash) {}

  private static Optional<Stored> find(OwnerStore owners, String username) {
    return owners
        .byName(username)
        .filter(User.class::isInstance)
        .map(User.class::cast)
        .flatMap(user -> owners.passwordHash(user.id()).map(hash -> new Stored(user, hash)));
  }

  /**
   * Counts this attempt as a failure before the password is looked at, and only then looks how many
   * there are: of many sent at once, to whatever masters, no more are looked at than an account
   * stands. Success takes it back, and so does a refusal here.
   */
  private void reserve(String account, String from) {
    Instant now = clock.instant();
    Instant since = now.minus(WINDOW);
    database.transact(
        session -> {
          session.attempts().add(account, now);
          return true;
        });
    boolean over =
        database.read(
            session ->
                session.attempts().count(account, since) > MOST_FOR_ACCOUNT
                    || session.attempts().count(from, since) >= MOST_FOR_ADDRESS);
    if (over) {
      database.transact(
          session -> {
            session.attempts().remove(account, now);
            return true;
          });
      throw new TooMany(
          WINDOW, "Too many failed logins; wait 15 minutes, or use an API token meanwhile");
    }
  }
}
