package dev.millrace.engine.domain;

import java.util.Optional;

/**
 * How a project logs in at its Git server: by password or token over HTTPS, by a key of its own
 * over SSH.
 *
 * @param hostKeys keys of the server, one on a line as {@code ssh-ed25519 AAAA…}; empty for none
 */
public record RepositoryLogin(
    String username, Optional<Sealed> password, String hostKeys, Optional<DeployKey> key) {
  public static final RepositoryLogin NONE =
      new RepositoryLogin("", Optional.empty(), "", Optional.empty());
}
