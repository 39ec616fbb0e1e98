package dev.millrace.engine.source;

import java.time.Instant;
import java.util.List;

/**
 * A commit that a fetch found.
 *
 * @param identifier 40 hexadecimal digits
 * @param refs names of the branches and tags that point at it, without {@code refs/…/}
 * @param message the first line of its message
 */
public record FetchedCommit(
    String identifier, List<String> refs, Instant commitTime, String message) {}
