package dev.millrace.engine.yaml;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a step asks of Kubernetes.
 *
 * @param devices null when not said; empty means "no devices, even if the preset has some"
 */
public record Resources(
    @Nullable Range cpu, @Nullable Range memoryMiB, @Nullable Map<String, Double> devices) {

  public Resources {
    devices = devices == null ? null : Map.copyOf(devices);
  }

  /** A lower and an upper bound, each of which may be missing. */
  public record Range(@Nullable Double min, @Nullable Double max) {}
}
