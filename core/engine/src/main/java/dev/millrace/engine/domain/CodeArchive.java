package dev.millrace.engine.domain;

/**
 * Where a commit's files are kept. {@code sha256} is that of the stored bytes, which workers check.
 */
public record CodeArchive(StoreId store, String key, String sha256, long bytes, Format format) {
  /** How the files are packed. */
  public enum Format {
    TAR,
    TAR_GZ
  }
}
