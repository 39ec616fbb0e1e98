package dev.millrace.engine.domain;

import java.time.Instant;
import java.util.Optional;

/** An API token as it is kept: its SHA-256 in hex, never its text. */
public record ApiToken(
    TokenId id,
    OwnerId user,
    String name,
    String hash,
    Instant createdAt,
    Optional<Instant> expiresAt,
    Optional<Instant> revokedAt) {
  /** Whether the token opens anything at that time. */
  public boolean goodAt(Instant now) {
    return revokedAt.isEmpty() && expiresAt.map(now::isBefore).orElse(true);
  }
}
