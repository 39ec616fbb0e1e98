package dev.millrace.spi.storage;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The name of a blob: segments joined by {@code /}, 1 to 1,024 bytes of UTF-8 in all and at most
 * 255 in a segment. No segment is empty, {@code .} or {@code ..}, so a key cannot leave its store;
 * there are no control characters and no lone surrogates. Keys are compared byte by byte, never
 * folded.
 */
public record BlobKey(String value) implements Comparable<BlobKey> {
  private static final int MAX_BYTES = 1024;
  private static final int MAX_SEGMENT_BYTES = 255;

  public BlobKey {
    if (value.isEmpty()) {
      throw new IllegalArgumentException("a blob key is not empty");
    }
    if (utf8Length(value) > MAX_BYTES) {
      throw new IllegalArgumentException("a blob key has at most 1024 bytes of UTF-8");
    }
    int start = 0;
    while (start <= value.length()) {
      int slash = value.indexOf('/', start);
      int end = slash < 0 ? value.length() : slash;
      checkSegment(value.substring(start, end));
      start = end + 1;
    }
  }

  private static void checkSegment(String segment) {
    if (segment.isEmpty()) {
      throw new IllegalArgumentException("a blob key has no empty segment (// or / at an end)");
    }
    if (segment.equals(".") || segment.equals("..")) {
      throw new IllegalArgumentException("a blob key has no segment '.' or '..'");
    }
    if (utf8Length(segment) > MAX_SEGMENT_BYTES) {
      throw new IllegalArgumentException("a segment of a blob key has at most 255 bytes of UTF-8");
    }
  }

  private static int utf8Length(String text) {
    int bytes = 0;
    for (int i = 0; i < text.length(); ) {
      int point = text.codePointAt(i);
      if (Character.isISOControl(point)) {
        throw new IllegalArgumentException("a blob key has no control characters");
      }
      if (point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE) {
        throw new IllegalArgumentException("a blob key has no lone surrogates");
      }
      bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
      i += Character.charCount(point);
    }
    return bytes;
  }

  /** The order of the UTF-8 bytes, which is not that of {@link String#compareTo}. */
  @Override
  public int compareTo(BlobKey other) {
    return Arrays.compareUnsigned(
        value.getBytes(StandardCharsets.UTF_8), other.value.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public String toString() {
    return value;
  }
}
