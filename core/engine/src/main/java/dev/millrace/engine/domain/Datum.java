package dev.millrace.engine.domain;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A tracked file. {@code name} is its path among the outputs; its bytes are at {@code key} in
 * {@code store}.
 */
public record Datum(
    DatumId id,
    ProjectId project,
    Optional<ExecutionId> outputOf,
    String name,
    long bytes,
    Optional<String> md5,
    Optional<String> sha1,
    Optional<String> sha256,
    StoreId store,
    String key,
    String uri,
    List<String> tags,
    String metadata,
    Instant createdAt,
    Instant fileCreatedAt,
    Instant fileModifiedAt,
    Optional<Instant> purgedAt,
    long version) {}
