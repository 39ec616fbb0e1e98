package dev.millrace.spi.compute;

/** Options of a {@link NodeRequest} that not every provider has. */
public enum Feature {
  /** Machines that the cloud may take back, with an optional price ceiling. */
  SPOT,
  /** Machine types with GPUs. */
  GPU,
  /** A machine image other than the provider's own choice. */
  CUSTOM_IMAGE
}
