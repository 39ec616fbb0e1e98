package dev.millrace.engine.domain;

import java.time.Instant;

/**
 * An output that a worker was given a place for; becomes the datum of the same id once its bytes
 * are there.
 */
public record PendingUpload(
    DatumId id,
    ExecutionId execution,
    String path,
    long bytes,
    StoreId store,
    String key,
    Instant createdAt) {}
