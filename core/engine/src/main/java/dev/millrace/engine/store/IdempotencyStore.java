package dev.millrace.engine.store;

import dev.millrace.engine.domain.IdempotencyKey;
import dev.millrace.engine.domain.OwnerId;
import java.time.Instant;
import java.util.Optional;

/** Which requests were carried out, by actor and key. */
public interface IdempotencyStore {
  /**
   * Takes the key for what {@code subject} names; empty if it was free, or taken before {@code
   * expired}. Else who took it first. Waits for a transaction that has taken the key and has not
   * ended, so that of several calls at once one gets it.
   */
  Optional<Use> take(
      OwnerId actor, IdempotencyKey key, String subject, Instant now, Instant expired);

  /** Forgets at most {@code limit} keys taken before that time. */
  int purge(Instant before, int limit);

  /** The request that took a key, and what it made. */
  record Use(String fingerprint, String subject) {}
}
