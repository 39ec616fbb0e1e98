package dev.millrace.worker.transfer;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The three sums of one file and its size. */
public record Hashes(long size, String md5, String sha1, String sha256) {

  /** Computes all three in one pass. */
  public static final class Running {
    private final MessageDigest md5 = digest("MD5");
    private final MessageDigest sha1 = digest("SHA-1");
    private final MessageDigest sha256 = digest("SHA-256");
    private long size;

    /** Takes the next bytes. */
    public void update(byte[] bytes, int offset, int length) {
      md5.update(bytes, offset, length);
      sha1.update(bytes, offset, length);
      sha256.update(bytes, offset, length);
      size += length;
    }

    /** Bytes taken so far. */
    public long size() {
      return size;
    }

    /** Forgets all bytes. */
    public void reset() {
      md5.reset();
      sha1.reset();
      sha256.reset();
      size = 0;
    }

    /** The sums of all bytes; starts again afterwards. */
    public Hashes finish() {
      HexFormat hex = HexFormat.of();
      Hashes hashes =
          new Hashes(
              size,
              hex.formatHex(md5.digest()),
              hex.formatHex(sha1.digest()),
              hex.formatHex(sha256.digest()));
      size = 0;
      return hashes;
    }
  }

  /** A digest that every Java runtime has. */
  public static MessageDigest digest(String name) {
    try {
      return MessageDigest.getInstance(name);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(name, e);
    }
  }
}
