package dev.millrace.worker.docker;

import dev.millrace.worker.runtime.LaunchException;
import dev.millrace.worker.transfer.AddressGuard;
import dev.millrace.worker.wire.Assignment;
import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * Where an engine may be sent for an image: it is root and in the network of this machine, so a
 * name in a step must not make it ask what only this machine reaches.
 */
final class ImageHost {
  private ImageHost() {}

  /** Refuses an image whose registry is off limits, unless the operator vouches for it. */
  static void check(Assignment.Image image) throws LaunchException {
    ImageName name = ImageName.of(image.reference(), image.digest());
    if (name.isId()) {
      throw new LaunchException(
          "image",
          "The image "
              + image.reference()
              + " is an id, which may be anybody's on this machine. Give the image's name.");
    }
    if (Boolean.TRUE.equals(image.allowed()) || image.pull() != null) {
      return;
    }
    String host = name.host();
    try {
      for (InetAddress address : InetAddress.getAllByName(host)) {
        String reason = AddressGuard.offLimits(address);
        if (reason != null) {
          throw new LaunchException(
              "image",
              "The registry of image "
                  + image.reference()
                  + " is at "
                  + reason
                  + ", from which images are not fetched. An administrator can add an account for"
                  + " it, or allow it with MILLRACE_IMAGE_ALLOW.");
        }
      }
    } catch (UnknownHostException e) {
      // The engine may know the name, through a mirror or a proxy: its own words are better.
      return;
    }
  }
}
