package dev.millrace.spi.storage;

import java.net.URI;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;

/**
 * A request that carries its own authority. Its query and headers are secrets, which is why it
 * prints neither.
 */
public record SignedRequest(
    String method, URI uri, Map<String, String> headers, Instant expiresAt) {
  public SignedRequest {
    Objects.requireNonNull(method, "method");
    Objects.requireNonNull(uri, "uri");
    headers = Map.copyOf(headers);
    Objects.requireNonNull(expiresAt, "expiresAt");
  }

  @Override
  public String toString() {
    return method + " " + uri.getScheme() + "://" + uri.getHost() + "/*** until " + expiresAt;
  }
}
