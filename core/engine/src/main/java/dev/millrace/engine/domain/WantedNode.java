package dev.millrace.engine.domain;

import java.time.Instant;
import java.util.Optional;

/**
 * A machine that the engine wants or wanted; its key names one node for one life.
 *
 * @param nodeId what the provider calls it, once it has answered
 * @param master the one that saw it last: some providers show a machine to that one alone
 */
public record WantedNode(
    String key,
    EnvironmentId group,
    String provider,
    State state,
    Optional<String> nodeId,
    Optional<String> master,
    String detail,
    Instant createdAt,
    Instant modifiedAt,
    long version) {
  public enum State {
    WANTED,
    RENTED,
    RELEASING,
    GONE
  }
}
