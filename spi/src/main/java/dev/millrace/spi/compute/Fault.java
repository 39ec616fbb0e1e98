package dev.millrace.spi.compute;

import dev.millrace.spi.common.PluginException;
import java.util.Objects;

/** Why a node failed after it had been accepted, in words that a user may read. */
public record Fault(PluginException.Kind kind, String message) {
  public Fault {
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(message, "message");
  }
}
