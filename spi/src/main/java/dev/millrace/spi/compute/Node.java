package dev.millrace.spi.compute;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A machine as the cloud sees it now. {@code key} and {@code group} are those of the request that
 * rented it, read back from the cloud's own labels; {@code addresses} are the ones known so far.
 */
public record Node(
    NodeId id,
    String key,
    String group,
    State state,
    Optional<String> zone,
    List<String> addresses,
    Instant createdAt,
    Optional<Fault> fault) {

  /** Where a node is in its life. */
  public enum State {
    /** Accepted, not yet running. */
    PENDING,
    /** Running; whether its worker has registered is not the provider's to know. */
    RUNNING,
    /** Stopped by somebody, and still there. */
    STOPPED,
    /** On its way out. */
    RELEASING,
    /** No longer there, though still listed. */
    GONE,
    /** It will not run; {@link Node#fault()} says why. It must still be released. */
    FAILED
  }

  public Node {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(group, "group");
    Objects.requireNonNull(state, "state");
    Objects.requireNonNull(zone, "zone");
    addresses = List.copyOf(addresses);
    Objects.requireNonNull(createdAt, "createdAt");
    Objects.requireNonNull(fault, "fault");
    if (state == State.FAILED && fault.isEmpty()) {
      throw new IllegalArgumentException("a failed node says why: node " + id + " has no fault");
    }
  }

  /** A node that was accepted and of which nothing else is known yet. */
  public static Node pending(NodeId id, String key, String group, Instant createdAt) {
    return new Node(
        id, key, group, State.PENDING, Optional.empty(), List.of(), createdAt, Optional.empty());
  }
}
