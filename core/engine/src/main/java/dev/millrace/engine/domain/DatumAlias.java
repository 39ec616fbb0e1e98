package dev.millrace.engine.domain;

import java.time.Instant;

/** A name within a project that stands for one file at a time, as in {@code datum://<name>}. */
public record DatumAlias(
    DatumAliasId id,
    ProjectId project,
    String name,
    DatumId datum,
    Instant createdAt,
    Instant modifiedAt,
    long version) {}
