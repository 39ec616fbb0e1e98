package dev.millrace.spi.compute;

import java.math.BigDecimal;
import java.util.Objects;
import java.util.Optional;

/**
 * A size of machine on offer. The name is what {@link NodeRequest#machineType()} takes; the price
 * is in the currency in which the cloud bills this account.
 */
public record MachineType(
    String name, int vcpus, long memoryMiB, int gpus, Optional<BigDecimal> pricePerHour) {
  public MachineType {
    Objects.requireNonNull(pricePerHour, "pricePerHour");
    if (name.isBlank()) {
      throw new IllegalArgumentException("a machine type needs a name");
    }
    if (vcpus < 0 || memoryMiB < 0 || gpus < 0) {
      throw new IllegalArgumentException("machine type " + name + " has a negative size");
    }
  }
}
