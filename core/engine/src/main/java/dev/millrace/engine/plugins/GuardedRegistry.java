package dev.millrace.engine.plugins;

import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.registry.ImageDigest;
import dev.millrace.spi.registry.ImageRef;
import dev.millrace.spi.registry.ImageRegistry;
import dev.millrace.spi.registry.PullCredentials;
import java.time.Clock;
import java.time.Duration;

/**
 * An image registry as the rest of the engine sees it: the verbs of the SPI, each guarded. Every
 * verb throws PluginMissing while the plugin is not there or out of use.
 */
public final class GuardedRegistry {
  private final String name;
  private final Guard<ImageRegistry> guard;

  GuardedRegistry(String name, Guard<ImageRegistry> guard) {
    this.name = name;
    this.guard = guard;
  }

  /** Guards a registry by hand, for tests of what uses one. */
  public static GuardedRegistry around(String name, ImageRegistry registry) {
    return new GuardedRegistry(
        name,
        new Guard<>(
            "registry " + name, registry, GuardPolicy.REGISTRY, Pace.REAL, Clock.systemUTC()));
  }

  /** The account's name. */
  public String name() {
    return name;
  }

  /** Whether the image is this registry's to answer for; said within {@code time}. */
  public boolean serves(ImageRef image, Duration time) throws PluginException, PluginMissing {
    return guard.once("serves", time, (registry, call) -> registry.serves(image));
  }

  /** Pins a tag to the digest that it means now, within {@code time} with all its retries. */
  public ImageDigest resolve(ImageRef image, Duration time) throws PluginException, PluginMissing {
    return guard.repeat("resolve", time, (registry, call) -> registry.resolve(image, call));
  }

  /** A login with which a worker may pull this image. */
  public PullCredentials credentials(ImageRef image) throws PluginException, PluginMissing {
    return guard.repeat(
        "credentials",
        guard.policy().time(),
        (registry, call) -> registry.credentials(image, call));
  }
}
