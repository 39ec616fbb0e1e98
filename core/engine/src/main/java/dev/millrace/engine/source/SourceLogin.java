package dev.millrace.engine.source;

import dev.millrace.engine.domain.Secret;
import java.util.Optional;

/**
 * What a fetch may show to the repository's server, and by what it knows that server.
 *
 * @param password for HTTPS; sent to the server of the repository's own address only
 * @param hostKeys of an SSH server, one on a line; empty where only the operator's known hosts
 *     count
 * @param privateKey for SSH, as {@link CodeSource#newKey} made it
 */
public record SourceLogin(
    String username, Optional<Secret> password, String hostKeys, Optional<Secret> privateKey) {
  public static final SourceLogin NONE =
      new SourceLogin("", Optional.empty(), "", Optional.empty());
}
