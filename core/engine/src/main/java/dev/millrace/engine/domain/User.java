package dev.millrace.engine.domain;

import java.time.Instant;

/** A person who may log in. {@code admin} administers the installation. */
public record User(
    OwnerId id,
    String name,
    String email,
    String firstName,
    String lastName,
    boolean admin,
    boolean disabled,
    Instant createdAt,
    long version)
    implements Owner {}
