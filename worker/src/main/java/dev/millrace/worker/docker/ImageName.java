package dev.millrace.worker.docker;

import org.jspecify.annotations.Nullable;

/**
 * An image's name as people write it, taken apart.
 *
 * @param repository host and path, as written
 * @param tag the tag, {@code latest} where none was written and there is no digest
 * @param digest {@code sha256:…}, or null
 */
record ImageName(String repository, @Nullable String tag, @Nullable String digest) {
  private static final String HUB = "https://index.docker.io/v1/";

  /** Takes a name apart; {@code digest} wins over the name's own tag. */
  static ImageName of(String text, @Nullable String digest) {
    String rest = text.strip();
    String pinned = digest;
    int at = rest.indexOf('@');
    if (at >= 0) {
      pinned = pinned == null ? rest.substring(at + 1) : pinned;
      rest = rest.substring(0, at);
    }
    int colon = rest.lastIndexOf(':');
    String tag = null;
    if (colon > rest.lastIndexOf('/')) {
      tag = rest.substring(colon + 1);
      rest = rest.substring(0, colon);
    }
    return new ImageName(rest, tag == null && pinned == null ? "latest" : tag, pinned);
  }

  /** What a pull asks for: the digest where it is known. */
  String version() {
    return digest != null ? digest : String.valueOf(tag);
  }

  /** The name by which the engine knows what was pulled. */
  String local() {
    return digest != null ? repository + "@" + digest : repository + ":" + tag;
  }

  /** Whether an engine takes it for the id of an image, which has no name and no owner. */
  boolean isId() {
    return repository.equalsIgnoreCase("sha256");
  }

  /** The host of the registry, without its port. */
  String host() {
    String registry = registry();
    if (registry.equals(HUB)) {
      return "registry-1.docker.io";
    }
    int colon = registry.lastIndexOf(':');
    return colon < 0 ? registry : registry.substring(0, colon);
  }

  /** The registry's address as a login names it. */
  String registry() {
    int slash = repository.indexOf('/');
    String first = slash < 0 ? "" : repository.substring(0, slash);
    boolean host = first.contains(".") || first.contains(":") || first.equals("localhost");
    return !host || first.equals("docker.io") ? HUB : first;
  }
}
