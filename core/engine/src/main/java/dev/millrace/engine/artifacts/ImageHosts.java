package dev.millrace.engine.artifacts;

import dev.millrace.engine.domain.OffLimits;
import dev.millrace.spi.registry.ImageRef;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where images may come from: the container engine that fetches them is root and in the network of
 * its machine. Names are judged by the worker, which resolves them.
 */
public final class ImageHosts {
  /** Every spelling that a resolver takes for an IPv4 address; image names have no IPv6. */
  private static final Pattern NUMBERS =
      Pattern.compile("(0[xX][0-9A-Fa-f]+|[0-9]+)(\\.(0[xX][0-9A-Fa-f]+|[0-9]+))*");

  private static final Pattern ID = Pattern.compile("(?i)sha256:[0-9a-f]+");

  private final Images images;
  private final List<String> allowed;

  public ImageHosts(Images images, List<String> allowed) {
    this.images = images;
    this.allowed = List.copyOf(allowed);
  }

  /** What is wrong with the image, with the remedy; empty if it may be tried. */
  public Optional<String> problem(String image) {
    if (ID.matcher(image).matches()) {
      return Optional.of(
          "This is the id of an image, which may be anybody's on the machine; give its name");
    }
    ImageRef reference;
    try {
      reference = ImageRef.parse(image);
    } catch (IllegalArgumentException e) {
      return Optional.of("This is no image name: " + e.getMessage());
    }
    Optional<String> reason = offLimits(bare(reference.host()));
    return reason.isEmpty() || allows(image)
        ? Optional.empty()
        : Optional.of(
            "Its registry is at "
                + reason.get()
                + ", from which images are not fetched; an administrator can add an account for it,"
                + " or allow it with MILLRACE_IMAGE_ALLOW");
  }

  /** Whether the operator named its host, with or without its port, or has an account for it. */
  public boolean allows(String image) {
    String host;
    try {
      host = ImageRef.parse(image).host();
    } catch (IllegalArgumentException e) {
      return false;
    }
    return allowed.stream()
            .anyMatch(a -> a.equalsIgnoreCase(host) || a.equalsIgnoreCase(bare(host)))
        || images.served(image);
  }

  private static String bare(String host) {
    int colon = host.lastIndexOf(':');
    return (colon < 0 ? host : host.substring(0, colon)).toLowerCase(Locale.ROOT);
  }

  private static Optional<String> offLimits(String host) {
    if (host.equals("localhost") || host.endsWith(".localhost")) {
      return Optional.of("a loopback address");
    }
    if (!NUMBERS.matcher(host).matches()) {
      return Optional.empty();
    }
    try {
      return OffLimits.reason(InetAddress.getByName(host), List.of());
    } catch (UnknownHostException e) {
      return Optional.of("no address");
    }
  }
}
