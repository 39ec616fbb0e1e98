package dev.millrace.engine.domain;

import java.time.Instant;

/** Environment variables under one name, which executions take together. */
public record VariableGroup(
    VariableGroupId id,
    OwnerId owner,
    String name,
    String description,
    Instant createdAt,
    Instant modifiedAt,
    long version) {}
