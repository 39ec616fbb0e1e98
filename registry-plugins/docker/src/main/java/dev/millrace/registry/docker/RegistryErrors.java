package dev.millrace.registry.docker;

import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.common.PluginException.Kind;
import dev.millrace.spi.registry.ImageRef;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLException;

/** The only reader of what a registry refuses or fails with. */
final class RegistryErrors {
  private RegistryErrors() {}

  static PluginException refused(ImageRef image, boolean anonymous, HttpResponse<?> response) {
    int status = response.statusCode();
    String host = image.host();
    if (status == 401 || status == 403) {
      return new PluginException(
          Kind.DENIED,
          "Registry "
              + host
              + " does not let us see "
              + image
              + (anonymous
                  ? ": it may not exist, or need a login; configure one for this host"
                  : ": check the user name and password configured for this host"));
    }
    if (status == 404) {
      return new PluginException(
          Kind.NOT_FOUND, "Registry " + host + " has no image " + image + "; check name and tag");
    }
    if (status == 429) {
      return new PluginException(
          Kind.THROTTLED,
          "Registry " + host + " has had too many requests",
          retryAfter(response).orElse(null),
          null);
    }
    if (status >= 500) {
      return new PluginException(
          Kind.UNAVAILABLE,
          "Registry " + host + " is in trouble (HTTP " + status + ")",
          retryAfter(response).orElse(null),
          null);
    }
    return new PluginException(
        Kind.INVALID, "Registry " + host + " refused " + image + " (HTTP " + status + ")");
  }

  static PluginException failed(String host, IOException cause) {
    if (cause instanceof SSLException) {
      return new PluginException(
          Kind.DENIED,
          "The certificate of registry "
              + host
              + " is not trusted; name its certificate authority in ca.file",
          cause);
    }
    String what =
        cause instanceof HttpTimeoutException ? "did not answer in time" : "is not reachable";
    return new PluginException(Kind.UNAVAILABLE, "Registry " + host + " " + what, cause);
  }

  static PluginException odd(String host, String what) {
    return new PluginException(
        Kind.UNAVAILABLE, "Registry " + host + " gave an answer that is not understood: " + what);
  }

  static PluginException interrupted(String host, InterruptedException cause) {
    Thread.currentThread().interrupt();
    return new PluginException(
        Kind.UNAVAILABLE, "The call to registry " + host + " was cut", cause);
  }

  private static Optional<Duration> retryAfter(HttpResponse<?> response) {
    return response
        .headers()
        .firstValue("Retry-After")
        .filter(value -> value.matches("\\d{1,6}"))
        .map(value -> Duration.ofSeconds(Long.parseLong(value)));
  }
}
