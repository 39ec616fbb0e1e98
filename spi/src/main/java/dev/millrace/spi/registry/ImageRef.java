package dev.millrace.spi.registry;

import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A container image by name: host (with a port if it has one), repository, tag and, where it is
 * pinned, digest. Without either the tag is {@code latest}.
 */
public record ImageRef(
    String host, String repository, Optional<String> tag, Optional<ImageDigest> digest) {
  /** The host of names that name none. */
  public static final String DEFAULT_HOST = "docker.io";

  private static final Pattern HOST =
      Pattern.compile(
          "([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\\[[0-9a-fA-F:.]+\\])(:[0-9]{1,5})?");
  private static final Pattern REPOSITORY =
      Pattern.compile("[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*");
  private static final Pattern TAG = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}");
  private static final int MAX_NAME = 255;

  public ImageRef {
    Objects.requireNonNull(tag, "tag");
    Objects.requireNonNull(digest, "digest");
    if (!HOST.matcher(host).matches()) {
      throw new IllegalArgumentException("not a registry host: " + host);
    }
    if (host.length() + 1 + repository.length() > MAX_NAME
        || !REPOSITORY.matcher(repository).matches()) {
      throw new IllegalArgumentException(
          "not an image repository (lower-case letters, digits, inner . _ - and /): " + repository);
    }
    if (tag.isPresent() && !TAG.matcher(tag.get()).matches()) {
      throw new IllegalArgumentException("not an image tag: " + tag.get());
    }
    if (tag.isEmpty() && digest.isEmpty()) {
      tag = Optional.of("latest");
    }
  }

  /**
   * Reads a name as users write it: {@code busybox}, {@code org/name:tag}, {@code
   * host:5000/name@sha256:…}. A first part without a dot or colon that is not {@code localhost} is
   * no host; {@code docker.io/name} is {@code docker.io/library/name}.
   */
  public static ImageRef parse(String text) {
    String rest = text;
    Optional<ImageDigest> digest = Optional.empty();
    int at = rest.indexOf('@');
    if (at >= 0) {
      digest = Optional.of(ImageDigest.parse(rest.substring(at + 1)));
      rest = rest.substring(0, at);
    }
    String host = DEFAULT_HOST;
    int slash = rest.indexOf('/');
    if (slash > 0 && isHost(rest.substring(0, slash))) {
      host = rest.substring(0, slash);
      rest = rest.substring(slash + 1);
    }
    if (host.equals("index.docker.io")) {
      host = DEFAULT_HOST;
    }
    Optional<String> tag = Optional.empty();
    int colon = rest.indexOf(':');
    if (colon >= 0) {
      tag = Optional.of(rest.substring(colon + 1));
      rest = rest.substring(0, colon);
    }
    if (host.equals(DEFAULT_HOST) && rest.indexOf('/') < 0) {
      rest = "library/" + rest;
    }
    return new ImageRef(host, rest, tag, digest);
  }

  private static boolean isHost(String part) {
    return part.indexOf('.') >= 0 || part.indexOf(':') >= 0 || part.equals("localhost");
  }

  /** The same image, pinned. */
  public ImageRef pinned(ImageDigest to) {
    return new ImageRef(host, repository, tag, Optional.of(to));
  }

  /** The full name, which {@link #parse} reads back. */
  @Override
  public String toString() {
    return host
        + "/"
        + repository
        + tag.map(name -> ":" + name).orElse("")
        + digest.map(pin -> "@" + pin).orElse("");
  }
}
