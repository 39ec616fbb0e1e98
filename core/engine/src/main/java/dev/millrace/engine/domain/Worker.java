package dev.millrace.engine.domain;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A registered worker.
 *
 * @param credentialHash SHA-256 in hex of its credential
 * @param nodeKey the node it runs on, where a provider rented that
 * @param release the version of the worker that runs now
 * @param paused why it takes no runs now, in its own words
 * @param trouble what else an administrator should know of it, in its own words
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
    Optional<String> paused,
    Optional<String> trouble,
    Instant registeredAt,
    Instant lastSeenAt,
    Optional<Instant> removedAt,
    long beat,
    long version) {

  /** The same worker, after it has said this of itself. */
  public Worker reporting(
      String release, List<String> runtimes, Optional<String> paused, Optional<String> trouble) {
    return copy(release, runtimes, draining, paused, trouble, removedAt);
  }

  /** The same worker, which takes no more runs, or takes them again. */
  public Worker withDraining(boolean drains) {
    return copy(release, runtimes, drains, paused, trouble, removedAt);
  }

  /** The same worker, whose credential is good for nothing any more. */
  public Worker removed(Instant at) {
    return copy(release, runtimes, true, paused, trouble, Optional.of(at));
  }

  private Worker copy(
      String release,
      List<String> runtimes,
      boolean draining,
      Optional<String> paused,
      Optional<String> trouble,
      Optional<Instant> removedAt) {
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
        paused,
        trouble,
        registeredAt,
        lastSeenAt,
        removedAt,
        beat,
        version);
  }
}
