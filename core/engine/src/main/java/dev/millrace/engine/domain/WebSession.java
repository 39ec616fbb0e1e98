package dev.millrace.engine.domain;

import java.time.Instant;

/**
 * A login in a browser, as it is kept: the SHA-256 of its cookie in hex, never the cookie itself.
 *
 * @param address the network address that logged in
 */
public record WebSession(
    String hash, OwnerId user, String address, Instant createdAt, Instant expiresAt) {}
