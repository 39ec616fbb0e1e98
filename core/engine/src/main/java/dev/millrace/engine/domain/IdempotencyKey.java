package dev.millrace.engine.domain;

/**
 * What a client calls one request, so that it may send it again. {@code fingerprint} is the SHA-256
 * of the request: the same key with another one is a mistake of the client.
 */
public record IdempotencyKey(String text, String fingerprint) {}
