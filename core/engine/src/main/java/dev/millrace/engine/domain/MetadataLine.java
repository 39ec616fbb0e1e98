package dev.millrace.engine.domain;

import java.time.Instant;

/** One JSON object that a run printed. {@code offset} is where its line starts in stdout. */
public record MetadataLine(long offset, Instant at, String json) {}
