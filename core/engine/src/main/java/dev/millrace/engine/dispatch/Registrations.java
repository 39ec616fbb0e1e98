package dev.millrace.engine.dispatch;

import dev.millrace.engine.artifacts.StoreUnavailable;
import dev.millrace.engine.artifacts.WorkerReleases;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.JoinToken;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.domain.Uuid7;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.domain.WorkerId;
import dev.millrace.engine.keys.InstallationKey;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.DuplicateRow;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lets machines join, and knows them again. */
@Component(service = Registrations.class, immediate = true)
public final class Registrations {
  private static final Logger log = LoggerFactory.getLogger(Registrations.class);
  private static final int WIRE_VERSION = 1;
  private static final int MAX_SLOTS = 1024;

  /** What the loops look at. */
  private static final int MOST_WORKERS = 10_000;

  private final Database database;
  private final InstallationKey key;
  private final WorkerReleases releases;
  private final Settings settings;
  private final Clock clock;
  private final Uuid7 ids;

  @Activate
  public Registrations(
      @Reference Database database,
      @Reference InstallationKey key,
      @Reference WorkerReleases releases,
      @Reference Settings settings,
      @Reference Clock clock) {
    this.database = database;
    this.key = key;
    this.releases = releases;
    this.settings = settings;
    this.clock = clock;
    this.ids = new Uuid7(clock);
  }

  /**
   * Makes a worker of the token's group. The credential is a function of token and nonce, so that
   * the same pair gets the same answer until the token expires.
   */
  public Messages.Registered register(Messages.Register request) {
    if (request.wireVersions() == null || !request.wireVersions().contains(WIRE_VERSION)) {
      throw new Refused(426, "wire_version", "This master speaks wire version 1.");
    }
    String nonce = text("nonce", request.nonce(), 64);
    String name = text("name", request.name(), 255);
    if (request.slots() < 1 || request.slots() > MAX_SLOTS) {
      throw Refused.invalid("slots must be 1 to " + MAX_SLOTS + ".");
    }
    String hash = InstallationKey.hash(Secret.of(text("joinToken", request.joinToken(), 1024)));
    Secret credential = Secret.of(key.sign("worker credential v1", hash + '\n' + nonce));
    Messages.Release wanted =
        Messages.Release.of(
            releases.wantedInsteadOf(
                some(request.release()), some(request.os()), some(request.arch())));
    Messages.Registered answer = joinOnce(hash, nonce, name, request, credential).wanting(wanted);
    log.info("worker joined worker={} name={} group={}", answer.workerId(), name, answer.group());
    return answer;
  }

  /**
   * The release that a machine loads before it registers; the token stays unused. Throws {@link
   * Refused} 401 for a token that is not good, 503 while the store cannot be used.
   */
  public Messages.Release release(@Nullable String joinToken) {
    String hash = InstallationKey.hash(Secret.of(text("joinToken", joinToken, 1024)));
    boolean good =
        database
            .read(s -> s.tokens().joinTokenByHash(hash))
            .filter(t -> clock.instant().isBefore(t.expiresAt()) && t.usedNonce().isEmpty())
            .isPresent();
    if (!good) {
      throw refused();
    }
    try {
      return releases
          .current()
          .map(r -> new Messages.Release(r.version(), r.request().url(), r.sha256()))
          .orElseThrow(
              () ->
                  new Refused(503, "no_release", "This master ships no worker for its machines."));
    } catch (StoreUnavailable e) {
      throw Refused.of(e);
    }
  }

  /** The worker with that credential; throws {@link Refused} 401 if it is not good any more. */
  public Worker authenticate(@Nullable String credential) {
    Optional<Worker> worker =
        credential == null || credential.isEmpty()
            ? Optional.empty()
            : database.read(
                s -> s.workers().byCredentialHash(InstallationKey.hash(Secret.of(credential))));
    return worker
        .filter(w -> w.removedAt().isEmpty())
        .orElseThrow(
            () ->
                new Refused(
                    401, "credential_refused", "The worker credential is not good any more."));
  }

  private Messages.Registered joinOnce(
      String hash, String nonce, String name, Messages.Register request, Secret credential) {
    try {
      return database.transact(s -> join(s, hash, nonce, name, request, credential));
    } catch (Raced | DuplicateRow e) {
      // The same call came twice at the same time: by now the first one's row is there.
      return database.transact(s -> join(s, hash, nonce, name, request, credential));
    }
  }

  private Messages.Registered join(
      Session session,
      String hash,
      String nonce,
      String name,
      Messages.Register request,
      Secret credential) {
    Instant now = clock.instant();
    JoinToken token =
        session
            .tokens()
            .joinTokenByHash(hash)
            .filter(t -> now.isBefore(t.expiresAt()))
            .filter(t -> t.usedNonce().map(nonce::equals).orElse(true))
            .orElseThrow(Registrations::refused);
    Environment group =
        session
            .environments()
            .find(new Scope.Everything(), token.group())
            .orElseThrow(Registrations::refused);
    if (token.worker().isPresent()) {
      Worker known =
          session
              .workers()
              .find(token.worker().get())
              .filter(w -> w.removedAt().isEmpty())
              .orElseThrow(Registrations::refused);
      return answer(known.id(), credential, group);
    }
    if (session.workers().count(group.id()) >= MOST_WORKERS) {
      throw new Refused(
          409, "group_full", "The group has " + MOST_WORKERS + " workers; remove some first.");
    }
    Worker worker =
        new Worker(
            new WorkerId(ids.next()),
            group.id(),
            name,
            InstallationKey.hash(credential),
            nonce,
            token.nodeKey(),
            some(request.release()),
            some(request.os()),
            some(request.arch()),
            request.slots(),
            request.cpus(),
            request.memoryMiB(),
            list(request.gpus()),
            list(request.runtimes()),
            false,
            Optional.empty(),
            Optional.empty(),
            now,
            now,
            Optional.empty(),
            0,
            1);
    session.workers().insert(worker);
    if (!session.tokens().use(token.id(), nonce, worker.id())) {
      throw new Raced();
    }
    return answer(worker.id(), credential, group);
  }

  private Messages.Registered answer(WorkerId worker, Secret credential, Environment group) {
    return new Messages.Registered(
        worker.toString(),
        credential.reveal(),
        new Messages.Group(group.id().toString(), group.name()),
        WIRE_VERSION,
        settings.workerBeat().toSeconds(),
        settings.poll().toSeconds(),
        settings.workerLost().toSeconds(),
        null);
  }

  private static Refused refused() {
    return new Refused(
        401,
        "join_token_refused",
        "The join token is unknown, used or expired. Ask for a new one.");
  }

  private static String text(String field, @Nullable String value, int most) {
    if (value == null
        || value.isBlank()
        || value.length() > most
        || value.chars().anyMatch(Character::isISOControl)) {
      throw Refused.invalid(
          field + " must be 1 to " + most + " characters without control characters.");
    }
    return value;
  }

  static String some(@Nullable String value) {
    return value == null ? "" : text("release, os and arch", value, 64);
  }

  static List<String> list(@Nullable List<String> values) {
    if (values == null) {
      return List.of();
    }
    if (values.size() > 64) {
      throw Refused.invalid("gpus and runtimes have at most 64 entries.");
    }
    return values.stream().map(v -> text("gpus and runtimes", v, 255)).toList();
  }

  /** Somebody used the token between our look and our mark. */
  private static final class Raced extends RuntimeException {
    private static final long serialVersionUID = 1;
  }
}
