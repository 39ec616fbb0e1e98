package dev.millrace.engine.yaml;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A folder of the host or of a network share that a step wants to see; null type is a host bind.
 */
public record Mount(
    String source,
    String destination,
    boolean readOnly,
    @Nullable String type,
    Map<String, String> options) {

  public Mount {
    options = Map.copyOf(options);
  }
}
