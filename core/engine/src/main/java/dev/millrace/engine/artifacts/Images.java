package dev.millrace.engine.artifacts;

import dev.millrace.spi.registry.PullCredentials;
import java.util.Optional;

/** What the registries know of container images, through the guarded plugins. */
public interface Images {
  /**
   * The digest that the reference means now, for example {@code sha256:…}; empty where no registry
   * knows it or it cannot be asked within 5 s: then the worker asks its own engine. Answers are
   * kept for 60 s.
   */
  Optional<String> resolve(String reference);

  /** Whether an account of the installation is for the image's registry. */
  default boolean served(String reference) {
    return false;
  }

  /** A login for pulling the image; empty if none is needed or known. */
  Optional<PullCredentials> credentials(String reference);
}
