package dev.millrace.spi.storage;

import java.time.Instant;
import java.util.Objects;

/**
 * What is known of stored bytes. The {@code etag} is the store's own and changes when the bytes
 * change; it need not be a hash.
 */
public record Blob(BlobKey key, long size, String etag, Instant modified) {
  public Blob {
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(etag, "etag");
    Objects.requireNonNull(modified, "modified");
    if (size < 0) {
      throw new IllegalArgumentException("a blob has no negative size: " + size);
    }
  }
}
