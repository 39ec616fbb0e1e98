package dev.millrace.engine.domain;

import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * Who changed what. {@code before} and {@code after} are JSON objects without secrets.
 *
 * @param address the network address that the call came from; empty for the system
 */
public record AuditEntry(
    UUID id,
    Instant at,
    Optional<OwnerId> actor,
    Optional<TokenId> token,
    String address,
    String action,
    String subject,
    String before,
    String after) {}
