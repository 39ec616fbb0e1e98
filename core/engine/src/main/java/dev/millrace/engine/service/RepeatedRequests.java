package dev.millrace.engine.service;

import dev.millrace.engine.domain.IdempotencyKey;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.keys.InstallationKey;
import dev.millrace.engine.store.IdempotencyStore;
import dev.millrace.engine.store.Session;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Keys that let a client send a request again without making something twice. */
final class RepeatedRequests {
  /** How long a key is remembered. */
  static final Duration KEPT = Duration.ofHours(24);

  private static final String PURPOSE = "request";

  private final InstallationKey installation;
  private final Clock clock;

  RepeatedRequests(InstallationKey installation, Clock clock) {
    this.installation = installation;
    this.clock = clock;
  }

  /**
   * Takes the key for {@code id} within the transaction that makes it, so that a request that fails
   * leaves its key free. Returns what an earlier request of that key made.
   *
   * @throws Conflict if that was another request
   */
  Optional<String> take(Session session, OwnerId user, IdempotencyKey key, String kind, String id) {
    Instant now = clock.instant();
    Instant expired = now.minus(KEPT);
    String prefix = kind + ":";
    // Signed, because the request may hold a secret that a plain hash would let one guess.
    IdempotencyKey kept =
        new IdempotencyKey(key.text(), installation.sign(PURPOSE, key.fingerprint()));
    Optional<IdempotencyStore.Use> earlier =
        session.idempotency().take(user, kept, prefix + id, now, expired);
    if (earlier.isEmpty()) {
      return Optional.empty();
    }
    if (!installation.verify(PURPOSE, key.fingerprint(), earlier.get().fingerprint())
        || !earlier.get().subject().startsWith(prefix)) {
      throw new Conflict(
          "idempotency_key_reused",
          "This Idempotency-Key was used for another request within the last 24 hours; use a new key"
              + " for each new request, and the same one only to send the same request again");
    }
    return Optional.of(earlier.get().subject().substring(prefix.length()));
  }
}
