package dev.millrace.engine.domain;

import java.time.Instant;
import java.util.Optional;

/**
 * A place for artifacts, backed by a plugin's account. Without an owner it is shared by the
 * installation.
 *
 * @param plugin name of the artifact store's account
 * @param type what kind of store clients see, for example {@code filesystem}
 * @param uriPrefix what its URIs begin with
 */
public record DataStore(
    StoreId id,
    String name,
    Optional<OwnerId> owner,
    String plugin,
    String type,
    String uriPrefix,
    Instant createdAt,
    Instant modifiedAt,
    long version) {}
