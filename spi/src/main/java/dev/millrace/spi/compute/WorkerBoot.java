package dev.millrace.spi.compute;

import dev.millrace.spi.common.Secret;
import java.net.URI;
import java.util.Objects;

/**
 * What a worker needs to start and join. The join token is good once and for a limited time; a
 * worker that has joined keeps its own credential in its folder and needs no token again. It must
 * reach the worker by standard input or a file of mode 0600, never by a command line.
 */
public record WorkerBoot(URI masterUrl, Secret joinToken, WorkerRelease release, int slots) {
  public WorkerBoot {
    Objects.requireNonNull(masterUrl, "masterUrl");
    Objects.requireNonNull(joinToken, "joinToken");
    Objects.requireNonNull(release, "release");
    if (slots < 1) {
      throw new IllegalArgumentException("a worker has at least one slot, not " + slots);
    }
  }
}
