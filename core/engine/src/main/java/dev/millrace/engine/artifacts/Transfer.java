package dev.millrace.engine.artifacts;

import java.time.Instant;
import java.util.Map;

/**
 * A request that moves one file and carries its own authority until it expires. Its address and
 * headers are secrets, so it prints neither.
 */
public record Transfer(String method, String url, Map<String, String> headers, Instant expiresAt) {
  public Transfer {
    headers = Map.copyOf(headers);
  }

  @Override
  public String toString() {
    return method + " *** until " + expiresAt;
  }
}
