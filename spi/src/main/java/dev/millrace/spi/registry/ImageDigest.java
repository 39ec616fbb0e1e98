package dev.millrace.spi.registry;

import java.util.regex.Pattern;

/** The hash that names an image's content for good, for example {@code sha256} and 64 digits. */
public record ImageDigest(String algorithm, String hex) {
  private static final Pattern ALGORITHM =
      Pattern.compile("[A-Za-z][A-Za-z0-9]*([-_+.][A-Za-z][A-Za-z0-9]*)*");
  private static final Pattern HEX = Pattern.compile("[0-9a-f]{32,128}");

  public ImageDigest {
    if (!ALGORITHM.matcher(algorithm).matches() || !HEX.matcher(hex).matches()) {
      throw new IllegalArgumentException("not an image digest: " + algorithm + ":" + hex);
    }
    if (algorithm.equals("sha256") && hex.length() != 64) {
      throw new IllegalArgumentException("a sha256 digest has 64 hex digits: " + hex);
    }
  }

  /** Reads {@code algorithm:hex}. */
  public static ImageDigest parse(String text) {
    int colon = text.indexOf(':');
    if (colon < 0) {
      throw new IllegalArgumentException("an image digest is algorithm:hex, not " + text);
    }
    return new ImageDigest(text.substring(0, colon), text.substring(colon + 1));
  }

  /** {@code algorithm:hex}. */
  @Override
  public String toString() {
    return algorithm + ":" + hex;
  }
}
