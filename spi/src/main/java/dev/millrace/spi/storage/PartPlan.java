package dev.millrace.spi.storage;

import java.util.Objects;

/**
 * An upload in parts, kept by the engine as a row. Every part has {@code partBytes} bytes but the
 * last, which may be shorter; parts are numbered from 1. The token is the store's own.
 */
public record PartPlan(BlobKey key, String uploadToken, long partBytes, int parts) {
  public PartPlan {
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(uploadToken, "uploadToken");
    if (partBytes < 1 || parts < 1) {
      throw new IllegalArgumentException("a plan has at least one part of at least one byte");
    }
  }
}
