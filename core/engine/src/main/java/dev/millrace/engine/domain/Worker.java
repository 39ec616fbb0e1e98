package dev.millrace.engine.domain;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A registered worker.
 *
 * @param credentialHash SHA-256 in hex of its credential
 * @param nodeKey the node it runs on, where a provider rented that
 * @param beat a number that each sign of life raises; not part of {@code version}
 */
public record Worker(
    WorkerId id,
    EnvironmentId group,
    String name,
    String credentialHash,
    String nonce,
    Optional<String> nodeKey,
    String release,
    String os,
    String arch,
    int slots,
    double cpus,
    long memoryMiB,
    List<String> gpus,
    List<String> runtimes,
    boolean draining,
    Instant registeredAt,
    Instant lastSeenAt,
    Optional<Instant> removedAt,
    long beat,
    long version) {

  /** The same worker with other runtimes. */
  public Worker withRuntimes(List<String> others) {
    return copy(others, draining, removedAt);
  }

  /** The same worker, which takes no more runs, or takes them again. */
  public Worker withDraining(boolean drains) {
    return copy(runtimes, drains, removedAt);
  }

  /** The same worker, whose credential is good for nothing any more. */
  public Worker removed(Instant at) {
    return copy(runtimes, true, Optional.of(at));
  }

  private Worker copy(List<String> runtimes, boolean draining, Optional<Instant> removedAt) {
    return new Worker(
        id,
        group,
        name,
        credentialHash,
        nonce,
        nodeKey,
        release,
        os,
        arch,
        slots,
        cpus,
        memoryMiB,
        gpus,
        runtimes,
        draining,
        registeredAt,
        lastSeenAt,
        removedAt,
        beat,
        version);
  }
}
