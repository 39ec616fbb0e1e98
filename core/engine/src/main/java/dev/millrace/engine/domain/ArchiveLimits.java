package dev.millrace.engine.domain;

/**
 * What a code archive may hold, unpacked: members, bytes, and, past the first {@code freeBytes},
 * {@code ratio} times the packed size.
 */
public record ArchiveLimits(int entries, long bytes, long freeBytes, int ratio) {
  /** 100,000 members and 4 GiB; past the first 64 MiB at most 200 times the packed size. */
  public static final ArchiveLimits DEFAULT = new ArchiveLimits(100_000, 4L << 30, 64L << 20, 200);

  public ArchiveLimits {
    if (entries < 1 || bytes < 1 || freeBytes < 0 || ratio < 1) {
      throw new IllegalArgumentException("limits of code archives are numbers of 1 or more");
    }
  }

  /** The most bytes that an archive of that packed size may unpack to. */
  public long most(long packed) {
    long byRatio = packed > Long.MAX_VALUE / ratio ? Long.MAX_VALUE : packed * ratio;
    return Math.min(bytes, Math.max(freeBytes, byRatio));
  }
}
