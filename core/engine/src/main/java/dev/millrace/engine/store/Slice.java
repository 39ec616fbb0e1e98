package dev.millrace.engine.store;

/**
 * Which part of an ordered list is wanted: at most {@code limit} rows after the first {@code
 * offset}.
 */
public record Slice(int offset, int limit) {
  /** As many as anything may have of something (docs/limits.md); a larger limit is cut to it. */
  public static final int MAX_LIMIT = 100_000;

  public Slice {
    if (offset < 0 || limit < 0) {
      throw new IllegalArgumentException("offset and limit must not be negative");
    }
    limit = Math.min(limit, MAX_LIMIT);
  }

  public static Slice first(int limit) {
    return new Slice(0, limit);
  }
}
