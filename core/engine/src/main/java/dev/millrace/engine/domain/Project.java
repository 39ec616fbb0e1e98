package dev.millrace.engine.domain;

import java.time.Instant;
import java.util.Optional;

/** A named collection of commits, executions and data with one owner. */
public record Project(
    ProjectId id,
    OwnerId owner,
    String name,
    String description,
    String yamlPath,
    Optional<StoreId> uploadStore,
    Optional<EnvironmentId> defaultEnvironment,
    Instant createdAt,
    Instant modifiedAt,
    Optional<Instant> deletedAt,
    long version) {}
