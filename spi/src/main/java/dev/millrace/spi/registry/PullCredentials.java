package dev.millrace.spi.registry;

import dev.millrace.spi.common.Secret;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/** A login for pulling: user, password and, where it ends by itself, when. */
public record PullCredentials(String user, Secret password, Optional<Instant> expiresAt) {
  public PullCredentials {
    Objects.requireNonNull(user, "user");
    Objects.requireNonNull(password, "password");
    Objects.requireNonNull(expiresAt, "expiresAt");
  }

  /** No login: the image is public. */
  public static PullCredentials anonymous() {
    return new PullCredentials("", Secret.of(""), Optional.empty());
  }

  /** Whether the image is to be pulled without a login. */
  public boolean isAnonymous() {
    return user.isEmpty();
  }
}
