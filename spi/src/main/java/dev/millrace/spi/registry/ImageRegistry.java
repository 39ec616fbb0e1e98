package dev.millrace.spi.registry;

import dev.millrace.spi.common.CallContext;
import dev.millrace.spi.common.Plugin;
import dev.millrace.spi.common.PluginException;
import org.osgi.annotation.versioning.ConsumerType;

/** Speaks for the container images under certain host names. */
@ConsumerType
public interface ImageRegistry extends Plugin {

  /** Whether the image is this registry's to answer for. Looks at the name only, without a call. */
  boolean serves(ImageRef image);

  /**
   * Pins a tag to the digest that it means now, so that a run can be repeated; an image that
   * carries a digest is looked up by it.
   *
   * @throws PluginException NOT_FOUND if the registry does not know the image, DENIED if it does
   *     not let us see it
   */
  ImageDigest resolve(ImageRef image, CallContext call) throws PluginException;

  /** A login with which a worker may pull this image: short-lived where the registry has such. */
  PullCredentials credentials(ImageRef image, CallContext call) throws PluginException;
}
