package dev.millrace.engine.service;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.JoinToken;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.domain.TokenId;
import dev.millrace.engine.domain.Uuid7;
import dev.millrace.engine.keys.InstallationKey;
import dev.millrace.engine.store.Database;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Tokens with which a machine of one's own joins an environment. */
@Component(service = JoinTokens.class)
public final class JoinTokens {
  private final Database database;
  private final Access access;
  private final Audit audit;
  private final InstallationKey key;
  private final Clock clock;
  private final Uuid7 ids;

  @Activate
  public JoinTokens(
      @Reference Database database,
      @Reference Access access,
      @Reference Audit audit,
      @Reference InstallationKey key,
      @Reference Clock clock) {
    this.database = database;
    this.access = access;
    this.audit = audit;
    this.key = key;
    this.clock = clock;
    this.ids = new Uuid7(clock);
  }

  /** A new join token; {@code text} is what the worker reads, and is never shown again. */
  public record Issued(Environment environment, Secret text, Instant expiresAt) {}

  /**
   * Makes a token that lets one worker join the environment within an hour. For administrators of
   * the installation, and of the organisation that the environment belongs to. Throws {@link
   * NotFound} for an environment that the actor does not see, {@link Denied} for others.
   */
  public Issued issue(Actor actor, String idOrSlug) {
    Secret text = key.newToken();
    Instant now = clock.instant();
    Instant expires = now.plus(JoinToken.LIFE);
    TokenId id = new TokenId(ids.next());
    return database.transact(
        session -> {
          Environment environment = Environments.visible(session, access, actor, idOrSlug);
          if (environment.owner().isPresent()) {
            access.requireAdministration(session, actor, environment.owner().get());
          } else {
            access.requireAdmin(actor);
          }
          session
              .tokens()
              .insert(
                  new JoinToken(
                      id,
                      InstallationKey.hash(text),
                      environment.id(),
                      Optional.empty(),
                      now,
                      expires,
                      Optional.empty(),
                      Optional.empty()));
          audit.record(
              session,
              actor,
              "join_token.create",
              Environments.subject(environment),
              Map.of(),
              Map.of("id", id, "environment", environment.slug(), "expires_at", expires));
          return new Issued(environment, text, expires);
        });
  }
}
