package dev.millrace.engine.domain;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** What lets one worker join one group once. Kept as the SHA-256 of its 256 bits. */
public record JoinToken(
    TokenId id,
    String hash,
    EnvironmentId group,
    Optional<String> nodeKey,
    Instant createdAt,
    Instant expiresAt,
    Optional<String> usedNonce,
    Optional<WorkerId> worker) {
  /** How long a token may be used after it was made. */
  public static final Duration LIFE = Duration.ofHours(1);
}
