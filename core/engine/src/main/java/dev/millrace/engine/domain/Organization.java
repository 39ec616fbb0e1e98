package dev.millrace.engine.domain;

import java.time.Instant;

/** Owns projects on behalf of its members. */
public record Organization(OwnerId id, String name, Instant createdAt, long version)
    implements Owner {}
