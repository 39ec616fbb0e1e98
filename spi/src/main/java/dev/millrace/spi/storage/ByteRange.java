package dev.millrace.spi.storage;

import java.util.Objects;
import java.util.OptionalLong;

/** A part of a blob: from a byte, for at least one byte or, without a length, to the end. */
public record ByteRange(long from, OptionalLong length) {
  /** The whole blob. */
  public static final ByteRange ALL = new ByteRange(0, OptionalLong.empty());

  public ByteRange {
    Objects.requireNonNull(length, "length");
    if (from < 0) {
      throw new IllegalArgumentException("a range begins at 0 or later, not at " + from);
    }
    if (length.isPresent() && length.getAsLong() < 1) {
      throw new IllegalArgumentException("a range has at least one byte");
    }
  }

  /** From a byte to the end. */
  public static ByteRange from(long from) {
    return new ByteRange(from, OptionalLong.empty());
  }

  /** A number of bytes from a byte. */
  public static ByteRange of(long from, long length) {
    return new ByteRange(from, OptionalLong.of(length));
  }
}
