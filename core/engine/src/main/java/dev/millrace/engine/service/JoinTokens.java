package dev.millrace.engine.service;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.JoinToken;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.domain.TokenId;
import dev.millrace.engine.domain.Uuid7;
import dev.millrace.engine.keys.InstallationKey;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Tokens with which a machine of one's own joins an environment. */
@Component(service = JoinTokens.class)
public final class JoinTokens {
  private static final int LONGEST_PEM = 64 << 10;

  private final Database database;
  private final Access access;
  private final Audit audit;
  private final InstallationKey key;
  private final Settings settings;
  private final Clock clock;
  private final Uuid7 ids;

  @Activate
  public JoinTokens(
      @Reference Database database,
      @Reference Access access,
      @Reference Audit audit,
      @Reference InstallationKey key,
      @Reference Settings settings,
      @Reference Clock clock) {
    this.database = database;
    this.access = access;
    this.audit = audit;
    this.key = key;
    this.settings = settings;
    this.clock = clock;
    this.ids = new Uuid7(clock);
  }

  /**
   * A new join token; {@code text} is what the worker reads, and {@code line} what a person types
   * on the machine that shall join. Both are never shown again.
   */
  public record Issued(Environment environment, Secret text, Secret line, Instant expiresAt) {}

  /**
   * The certificate of the master's own authority (PEM), where it has one. Throws {@link
   * Unavailable} where its file cannot be read.
   */
  public Optional<String> authority() {
    return settings.tlsAuthority().map(JoinTokens::read);
  }

  private static String read(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return new String(in.readNBytes(LONGEST_PEM), StandardCharsets.US_ASCII);
    } catch (IOException e) {
      throw new Unavailable(
          "tls_ca",
          "The file of MILLRACE_TLS_CA cannot be read: " + file + "; set its path or its rights");
    }
  }

  /**
   * A line for a POSIX shell: it loads the script (behind an authority of the installation's own
   * only after that has been checked by its hash) and gives it the token by standard input.
   */
  private Secret line(Secret token) {
    String url = settings.workerUrl();
    Optional<String> authority = authority();
    StringBuilder line = new StringBuilder("d=$(mktemp -d) && ");
    authority.ifPresent(
        pem ->
            line.append("curl -fsSk ")
                .append(url)
                .append("/worker/join/ca.pem -o \"$d/ca.pem\" && echo \"")
                .append(InstallationKey.hash(Secret.of(pem)))
                .append("  $d/ca.pem\" | sha256sum -c --quiet - && "));
    line.append("curl -fsS ")
        .append(authority.isPresent() ? "--cacert \"$d/ca.pem\" " : "")
        .append(url)
        .append("/worker/join/join.sh -o \"$d/join.sh\" && printf '%s\\n' ")
        .append(token.reveal())
        .append(" | sh \"$d/join.sh\" --master ")
        .append(url)
        .append(authority.isPresent() ? " --ca-file \"$d/ca.pem\"" : "");
    return Secret.of(line.toString());
  }

  /**
   * Makes a token that lets one worker join the environment for as long as {@code life}, at most an
   * hour. For administrators of the installation, and of the organisation that the environment
   * belongs to. Throws {@link NotFound} for an environment that the actor does not see, {@link
   * Denied} for others, {@link Invalid} for another life.
   */
  public Issued issue(Actor actor, String idOrSlug, Duration life) {
    if (life.compareTo(JoinToken.LIFE) > 0 || life.isNegative() || life.isZero()) {
      throw Invalid.field(
          "expires_in", "Give 1 to " + JoinToken.LIFE.toSeconds() + " seconds", "invalid");
    }
    Secret text = key.newToken();
    Secret line = line(text);
    Instant now = clock.instant();
    Instant expires = now.plus(life);
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
          return new Issued(environment, text, line, expires);
        });
  }
}
