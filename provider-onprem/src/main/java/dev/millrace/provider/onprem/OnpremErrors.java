package dev.millrace.provider.onprem;

import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.common.PluginException.Kind;
import dev.millrace.spi.compute.Fault;
import dev.millrace.spi.compute.Feature;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.util.Set;

/** What goes wrong with machines of one's own, in words. */
final class OnpremErrors {
  private OnpremErrors() {}

  static PluginException unsupported(Set<Feature> wanted) {
    return new PluginException(
        Kind.UNSUPPORTED, "Machines of one's own cannot be asked for " + wanted);
  }

  static PluginException invalid(String message) {
    return new PluginException(Kind.INVALID, message);
  }

  static PluginException full(int machines) {
    return new PluginException(
        Kind.EXHAUSTED,
        "All " + machines + " machines have a worker already; list more of them in machines");
  }

  static PluginException late() {
    return new PluginException(
        Kind.UNAVAILABLE, "The folder of the nodes was in use by another master for too long");
  }

  static PluginException folder(Path folder, IOException cause) {
    return cause instanceof AccessDeniedException
        ? new PluginException(
            Kind.DENIED,
            "The user that runs Millrace may not write to " + folder + "; give it that right",
            cause)
        : new PluginException(Kind.UNAVAILABLE, "The folder " + folder + " cannot be used", cause);
  }

  /** A release that will never be good: its node cannot run. */
  static final class BadRelease extends Exception {
    private static final long serialVersionUID = 1L;

    BadRelease(String message) {
      super(message);
    }
  }

  static Fault fault(Exception cause) {
    String message = String.valueOf(cause.getMessage());
    return cause instanceof BadRelease
        ? new Fault(Kind.INVALID, message)
        : new Fault(Kind.UNAVAILABLE, "The worker could not be started: " + message);
  }
}
