package dev.millrace.spi.compute;

import java.net.URI;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * The worker's archive: its version, where to fetch it ({@code http}, {@code https} or {@code
 * file}; the address may be signed and expire, so it must not be logged), and its hash, which must
 * be checked before anything in it is run.
 */
public record WorkerRelease(String version, URI url, String sha256) {
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  public WorkerRelease {
    Objects.requireNonNull(version, "version");
    Objects.requireNonNull(url, "url");
    if (!SHA256.matcher(sha256).matches()) {
      throw new IllegalArgumentException("sha256 must be 64 lower-case hex digits: " + sha256);
    }
  }

  @Override
  public String toString() {
    return "WorkerRelease[version=" + version + ", sha256=" + sha256 + "]";
  }
}
