package dev.millrace.engine.service;

import dev.millrace.engine.artifacts.Images;
import dev.millrace.spi.registry.PullCredentials;
import java.util.Optional;

/** An account for the registry 127.0.0.1:5000, which never answers. */
final class OneRegistry implements Images {
  @Override
  public boolean served(String reference) {
    return reference.startsWith("127.0.0.1:5000/");
  }

  @Override
  public Optional<String> resolve(String reference) {
    return Optional.empty();
  }

  @Override
  public Optional<PullCredentials> credentials(String reference) {
    return Optional.empty();
  }
}
