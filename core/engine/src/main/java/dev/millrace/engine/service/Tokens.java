package dev.millrace.engine.service;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.ApiToken;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.domain.TokenId;
import dev.millrace.engine.domain.User;
import dev.millrace.engine.domain.Uuid7;
import dev.millrace.engine.keys.InstallationKey;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Session;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** API tokens: made once and shown once, kept as hashes, revoked at will. */
@Component(service = Tokens.class)
public final class Tokens {
  /** Tokens that one user may have at a time. */
  static final int MOST = 200;

  /** Tokens from password logins that one user may have at a time; the oldest give way. */
  static final int MOST_FROM_LOGIN = 20;

  /** A token that shall live longer is made without an end. */
  static final Duration LONGEST = Duration.ofDays(36_500);

  static final String LOGIN_NAME = "login";

  private static final String PREFIX = "mrt_";
  private static final int RANDOM_CHARS = 36;
  private static final String ALPHABET =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

  private final Database database;
  private final Access access;
  private final Audit audit;
  private final Clock clock;
  private final Uuid7 ids;
  private final SecureRandom random = new SecureRandom();

  @Activate
  public Tokens(
      @Reference Database database,
      @Reference Access access,
      @Reference Audit audit,
      @Reference Clock clock) {
    this.database = database;
    this.access = access;
    this.audit = audit;
    this.clock = clock;
    this.ids = new Uuid7(clock);
  }

  /** A new token with its text, which is never shown again. */
  public record Made(ApiToken token, Secret text) {}

  /**
   * The person that a token speaks for; throws {@link Unauthenticated}, with the code {@code
   * token_expired} where a known token is too old.
   */
  public Actor.Person authenticate(String text, String address) {
    String hash = InstallationKey.hash(Secret.of(text));
    return database.read(
        session -> {
          ApiToken token = session.tokens().byHash(hash).orElseThrow(Tokens::unknown);
          return person(session, token, address);
        });
  }

  /**
   * The same actor as it is now, for calls that last; throws {@link Unauthenticated} where a
   * person's token is no longer good.
   */
  Actor renew(Session session, Actor actor) {
    if (!(actor instanceof Actor.Person person)) {
      return actor;
    }
    Optional<TokenId> id = person.token();
    if (id.isPresent()) {
      ApiToken token = session.tokens().find(id.get()).orElseThrow(Tokens::unknown);
      return person(session, token, person.address());
    }
    return new Actor.Person(user(session, person.user().id()), id, person.address());
  }

  private Actor.Person person(Session session, ApiToken token, String address) {
    if (token.revokedAt().isPresent()) {
      throw unknown();
    }
    if (!token.goodAt(clock.instant())) {
      throw new Unauthenticated(
          "token_expired", "This token has expired; log in again or make a new one.");
    }
    return new Actor.Person(user(session, token.user()), Optional.of(token.id()), address);
  }

  private static User user(Session session, OwnerId id) {
    return Users.user(session, id).filter(u -> !u.disabled()).orElseThrow(Tokens::unknown);
  }

  /** The tokens of the acting user, newest first; of another user only for administrators. */
  public List<ApiToken> list(Actor actor, Optional<OwnerId> user) {
    OwnerId whose = whose(actor, user);
    return database.read(session -> session.tokens().of(whose));
  }

  /**
   * Makes a token of the acting user; of another user only for administrators.
   *
   * @param validity how long it is good; empty: until it is revoked
   */
  public Made make(Actor actor, Optional<OwnerId> user, String name, Optional<Duration> validity) {
    new Problems()
        .text("name", name, 100)
        .check(
            validity
                .map(v -> !v.isNegative() && !v.isZero() && v.compareTo(LONGEST) <= 0)
                .orElse(true),
            "expires_in",
            "The time is from one second to " + LONGEST.toDays() + " days",
            "out_of_range")
        .throwIfAny();
    OwnerId whose = whose(actor, user);
    return database.transact(
        session -> {
          if (!(session.owners().find(whose).orElse(null) instanceof User)) {
            throw new NotFound("User");
          }
          long living =
              session.tokens().of(whose).stream().filter(t -> t.goodAt(clock.instant())).count();
          if (living >= MOST) {
            throw new Conflict(
                "too_many_tokens", "This user has " + living + " tokens; revoke some first");
          }
          return insert(session, actor, whose, name, validity);
        });
  }

  /** Ends a token at once. One already revoked stays so. */
  public void revoke(Actor actor, TokenId id) {
    database.transact(
        session -> {
          ApiToken token =
              session
                  .tokens()
                  .find(id)
                  .filter(
                      t ->
                          access.administersInstallation(actor)
                              || t.user().equals(access.requirePerson(actor).id()))
                  .orElseThrow(() -> new NotFound("Token"));
          if (session.tokens().revoke(id, clock.instant())) {
            audit.record(
                session,
                actor,
                "token.revoke",
                subject(token),
                Map.of("name", token.name()),
                Map.of());
          }
          return true;
        });
  }

  /** A token's text before there is a row for it. */
  record Fresh(TokenId id, Secret text) {}

  Fresh fresh() {
    return new Fresh(new TokenId(ids.next()), newText());
  }

  /** Makes a token within another use case's transaction. */
  Made insert(
      Session session, Actor actor, OwnerId user, String name, Optional<Duration> validity) {
    return insert(session, actor, user, name, validity, fresh());
  }

  Made insert(
      Session session,
      Actor actor,
      OwnerId user,
      String name,
      Optional<Duration> validity,
      Fresh fresh) {
    Instant now = clock.instant();
    Secret text = fresh.text();
    ApiToken token =
        new ApiToken(
            fresh.id(),
            user,
            name,
            InstallationKey.hash(text),
            now,
            validity.map(now::plus),
            Optional.empty());
    session.tokens().insert(token);
    audit.record(
        session,
        actor,
        "token.create",
        subject(token),
        Map.of(),
        Map.of("name", name, "user", user.value(), "expires", token.expiresAt()));
    return new Made(token, text);
  }

  /** Makes room for one more token from a password login. */
  void retireOldLogins(Session session, OwnerId user) {
    Instant now = clock.instant();
    session.tokens().of(user).stream()
        .filter(t -> t.name().equals(LOGIN_NAME) && t.goodAt(now))
        .skip(MOST_FROM_LOGIN - 1L)
        .forEach(t -> session.tokens().revoke(t.id(), now));
  }

  private OwnerId whose(Actor actor, Optional<OwnerId> user) {
    OwnerId self = access.requirePerson(actor).id();
    if (user.isPresent() && !user.get().equals(self)) {
      access.requireAdmin(actor);
    }
    return user.orElse(self);
  }

  private Secret newText() {
    StringBuilder text = new StringBuilder(PREFIX);
    for (int i = 0; i < RANDOM_CHARS; i++) {
      text.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
    }
    return Secret.of(text.toString());
  }

  private static String subject(ApiToken token) {
    return "token:" + token.id();
  }

  private static Unauthenticated unknown() {
    return new Unauthenticated("authentication_failed", "Invalid token.");
  }
}
