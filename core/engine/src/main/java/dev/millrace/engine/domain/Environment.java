package dev.millrace.engine.domain;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A worker group, which clients call environment. Without an owner it is shared by the
 * installation; without a provider it never scales and holds joined machines only.
 *
 * @param provider name of the compute provider's account
 * @param machineType what the provider calls the size of machine
 * @param slots executions that one machine runs at once
 * @param scaleDownGraceMinutes idle time after which a machine above {@code scaleMin} is released
 * @param runtime how runs are started there
 * @param perHourPriceUsd shown to users; empty when unknown
 * @param allowedMounts folders of its machines that steps may mount, with all that is below them
 */
public record Environment(
    EnvironmentId id,
    String slug,
    String name,
    Optional<OwnerId> owner,
    String description,
    boolean enabled,
    Optional<String> provider,
    String machineType,
    int slots,
    int scaleMin,
    int scaleMax,
    int scaleDownGraceMinutes,
    Runtime runtime,
    Optional<BigDecimal> perHourPriceUsd,
    List<String> allowedMounts,
    Instant createdAt,
    Instant modifiedAt,
    long version) {
  /** AUTO takes Docker where the worker has an engine that answers, else a process. */
  public enum Runtime {
    AUTO,
    DOCKER,
    PROCESS
  }
}
