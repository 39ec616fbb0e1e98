package dev.millrace.engine.source;

import dev.millrace.engine.domain.Secret;

/** A key pair that was just made: one line for the server, and what must be kept sealed. */
public record NewKey(String publicKey, Secret privateKey) {}
