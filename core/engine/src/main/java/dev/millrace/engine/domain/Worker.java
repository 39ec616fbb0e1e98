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
        others,
        draining,
        registeredAt,
        lastSeenAt,
        removedAt,
        beat,
        version);
  }
}
