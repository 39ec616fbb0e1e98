package dev.millrace.engine.fleet;

import dev.millrace.engine.artifacts.StoreUnavailable;
import dev.millrace.engine.artifacts.WorkerReleases;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.JoinToken;
import dev.millrace.engine.domain.TokenId;
import dev.millrace.engine.domain.Uuid7;
import dev.millrace.engine.domain.WantedNode;
import dev.millrace.engine.keys.InstallationKey;
import dev.millrace.engine.loop.Leadership;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.spi.common.InstallationId;
import dev.millrace.spi.common.Secret;
import dev.millrace.spi.compute.WorkerBoot;
import dev.millrace.spi.compute.WorkerRelease;
import java.net.URI;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * What a provider is asked for: a machine whose worker can join with a token that is still good.
 */
@Component(service = Requests.class)
public final class Requests {
  private final Database database;
  private final Leadership leadership;
  private final WorkerReleases releases;
  private final InstallationKey key;
  private final Settings settings;
  private final Clock clock;

  @Activate
  public Requests(
      @Reference Database database,
      @Reference Leadership leadership,
      @Reference WorkerReleases releases,
      @Reference InstallationKey key,
      @Reference Settings settings,
      @Reference Clock clock) {
    this.database = database;
    this.leadership = leadership;
    this.releases = releases;
    this.key = key;
    this.settings = settings;
    this.clock = clock;
  }

  /**
   * The request for that node; asked again, with the same join token while it is good. Throws
   * {@link StoreUnavailable} where the machine could not load the worker.
   */
  WantedMachine request(Environment group, WantedNode row, InstallationId mine) {
    WorkerReleases.Loadable release =
        releases
            .current()
            .orElseThrow(
                () -> new StoreUnavailable("this distribution ships no worker for its machines"));
    return new WantedMachine(
        row.key(),
        mine,
        group.slug(),
        group.machineType(),
        new WorkerBoot(
            URI.create(settings.workerUrl()),
            Secret.of(token(row)),
            new WorkerRelease(
                release.version(), URI.create(release.request().url()), release.sha256()),
            group.slots()));
  }

  /** Whether the node has a token with which its worker may join now. */
  boolean mayJoin(WantedNode row) {
    Instant now = clock.instant();
    return open(row, now).isPresent();
  }

  private Optional<JoinToken> open(WantedNode row, Instant now) {
    return database
        .read(s -> s.tokens().joinTokenOf(row.key()))
        .filter(t -> now.isBefore(t.expiresAt()));
  }

  private String token(WantedNode row) {
    Instant now = clock.instant();
    // Under another installation key the text is lost, and another token is made.
    Optional<JoinToken> open =
        open(row, now)
            .filter(t -> t.usedNonce().isEmpty())
            .filter(t -> t.hash().equals(hash(text(t.id()))));
    if (open.isPresent()) {
      return text(open.get().id());
    }
    TokenId id = new TokenId(new Uuid7(clock).next());
    JoinToken fresh =
        new JoinToken(
            id,
            hash(text(id)),
            row.group(),
            Optional.of(row.key()),
            now,
            now.plus(JoinToken.LIFE),
            Optional.empty(),
            Optional.empty());
    leadership.transact(
        s -> {
          s.tokens().insert(fresh);
          return true;
        });
    return text(id);
  }

  private static String hash(String text) {
    return InstallationKey.hash(dev.millrace.engine.domain.Secret.of(text));
  }

  /** A function of the row, so that a request that is repeated leaves no other token behind. */
  private String text(TokenId id) {
    return key.sign("join token v1", id.toString());
  }
}
