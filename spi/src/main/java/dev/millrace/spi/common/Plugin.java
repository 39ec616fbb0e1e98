package dev.millrace.spi.common;

import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * What every plugin service can answer about itself: cheap, the same for the life of the service,
 * without input or output.
 */
@ConsumerType
public interface Plugin {
  /**
   * Looks for an optional role; empty if this plugin does not play it. New verbs arrive as new role
   * types; this interface does not grow.
   */
  default <R> Optional<R> role(Class<R> type) {
    return Optional.empty();
  }
}
