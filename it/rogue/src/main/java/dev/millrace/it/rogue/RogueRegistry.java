package dev.millrace.it.rogue;

import dev.millrace.spi.common.CallContext;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.registry.ImageDigest;
import dev.millrace.spi.registry.ImageRef;
import dev.millrace.spi.registry.ImageRegistry;
import dev.millrace.spi.registry.PullCredentials;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

/**
 * A registry that hangs: {@code late} when it is asked for a digest, {@code deaf} already when it
 * is asked what it serves, and it ignores interrupts.
 */
public final class RogueRegistry implements ImageRegistry {
  private final String mode;
  private final Path folder;

  public RogueRegistry(RogueAccount account) {
    this.mode = account.mode();
    this.folder = Path.of(account.folder());
  }

  @Override
  public boolean serves(ImageRef image) {
    while (mode.equals("deaf") && !Files.exists(folder.resolve("end"))) {
      LockSupport.parkNanos(50_000_000);
      Thread.interrupted();
    }
    return image.host().equals(mode + ".example");
  }

  @Override
  public ImageDigest resolve(ImageRef image, CallContext call) throws PluginException {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new PluginException(PluginException.Kind.UNAVAILABLE, "interrupted");
  }

  @Override
  public PullCredentials credentials(ImageRef image, CallContext call) throws PluginException {
    throw new PluginException(PluginException.Kind.NOT_FOUND, "none");
  }
}
