package dev.millrace.source.git;

/** Numbers of bytes in words. */
final class Sizes {
  private Sizes() {}

  static String words(long bytes) {
    for (int power = 3; power > 0; power--) {
      long unit = 1L << (10 * power);
      if (bytes >= unit) {
        return (bytes / unit) + " " + new String[] {"", "KiB", "MiB", "GiB"}[power];
      }
    }
    return Math.max(0, bytes) + " bytes";
  }
}
