package dev.millrace.engine.domain;

import java.time.Instant;
import java.util.Optional;

/**
 * That an alias named another file from that moment on.
 *
 * @param version the alias's version from then on
 * @param user who moved it; empty if a run did
 */
public record AliasMove(
    DatumAliasId alias, long version, DatumId datum, Optional<OwnerId> user, Instant at) {}
