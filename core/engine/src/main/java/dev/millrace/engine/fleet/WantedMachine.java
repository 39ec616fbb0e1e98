package dev.millrace.engine.fleet;

import dev.millrace.spi.common.InstallationId;
import dev.millrace.spi.compute.Feature;
import dev.millrace.spi.compute.NodeRequest;
import dev.millrace.spi.compute.WorkerBoot;
import java.math.BigDecimal;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** A request for a node with the group's machine type and nothing special. */
record WantedMachine(
    String key, InstallationId installation, String group, String machineType, WorkerBoot worker)
    implements NodeRequest {
  @Override
  public Set<Feature> wanted() {
    return Set.of();
  }

  @Override
  public Optional<String> image() {
    return Optional.empty();
  }

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
    return Map.of();
  }

  @Override
  public OptionalInt diskGiB() {
    return OptionalInt.empty();
  }

  @Override
  public Optional<BigDecimal> spotCeilingPerHour() {
    return Optional.empty();
  }

  /** Empty: providers that boot fresh machines get their script with the first of them. */
  @Override
  public String bootScript() {
    return "";
  }
}
