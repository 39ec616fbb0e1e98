package dev.millrace.registry.docker;

import dev.millrace.spi.registry.ImageRef;
import java.net.URI;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** The hosts of one login, and the address at which each answers. */
record RegistryHosts(Set<String> names, boolean plainHttp) {
  private static final Pattern LOOPBACK =
      Pattern.compile("(localhost|127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}|\\[::1\\])(:\\d+)?");

  RegistryHosts {
    names = Set.copyOf(names);
  }

  static RegistryHosts of(String[] hosts, boolean plainHttp) {
    Set<String> names = new LinkedHashSet<>();
    for (String host : hosts) {
      String name = host.strip().toLowerCase(Locale.ROOT);
      if (name.isEmpty() || name.contains("/")) {
        throw new IllegalArgumentException(
            "hosts: '" + host + "' is not a host; write it as in image names, such as docker.io");
      }
      if (plainHttp && !LOOPBACK.matcher(name).matches()) {
        throw new IllegalArgumentException(
            "plain.http: "
                + name
                + " is not on loopback, so its passwords and images need HTTPS; set ca.file for a"
                + " certificate of your own");
      }
      names.add(name.equals("index.docker.io") ? ImageRef.DEFAULT_HOST : name);
    }
    if (names.isEmpty()) {
      throw new IllegalArgumentException("hosts: name at least one registry host");
    }
    return new RegistryHosts(names, plainHttp);
  }

  /** Where a host's manifests are: Docker's own host answers under another name. */
  URI address(ImageRef image, String reference) {
    String host =
        image.host().equals(ImageRef.DEFAULT_HOST) ? "registry-1.docker.io" : image.host();
    return URI.create(
        (plainHttp ? "http://" : "https://")
            + host
            + "/v2/"
            + image.repository()
            + "/manifests/"
            + reference);
  }

  /** Whether these registries are this machine's own. */
  boolean onLoopback() {
    return names.stream().allMatch(name -> LOOPBACK.matcher(name).matches());
  }

  /** Whether a login may be sent there: over HTTPS, or to loopback where plain HTTP is set. */
  boolean safe(URI address) {
    return "https".equalsIgnoreCase(address.getScheme())
        || (plainHttp
            && "http".equalsIgnoreCase(address.getScheme())
            && address.getHost() != null
            && LOOPBACK.matcher(address.getHost()).matches());
  }
}
