package dev.millrace.spi.storage;

import java.util.Objects;

/** What the uploader knows of a part that it has sent: number from 1, answer's etag, MD5 in hex. */
public record PartReceipt(int n, String etag, String md5, long bytes) {
  public PartReceipt {
    Objects.requireNonNull(etag, "etag");
    Objects.requireNonNull(md5, "md5");
    if (n < 1 || bytes < 0) {
      throw new IllegalArgumentException("parts are numbered from 1 and have no negative size");
    }
  }
}
