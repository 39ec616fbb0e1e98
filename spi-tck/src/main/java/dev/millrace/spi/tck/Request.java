package dev.millrace.spi.tck;

import dev.millrace.spi.common.InstallationId;
import dev.millrace.spi.compute.Feature;
import dev.millrace.spi.compute.NodeRequest;
import dev.millrace.spi.compute.WorkerBoot;
import java.math.BigDecimal;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** A request as the engine would make it. */
record Request(
    String key,
    InstallationId installation,
    String group,
    String machineType,
    Set<Feature> wanted,
    Optional<String> image,
    Optional<BigDecimal> spotCeilingPerHour,
    String bootScript,
    WorkerBoot worker)
    implements NodeRequest {

  @Override
  public Optional<String> zone() {
    return Optional.empty();
  }

  @Override
  public Optional<String> network() {
    return Optional.empty();
  }

  @Override
  public Map<String, String> labels() {
    return Map.of("purpose", "contract-test");
  }

  @Override
  public OptionalInt diskGiB() {
    return OptionalInt.empty();
  }
}
