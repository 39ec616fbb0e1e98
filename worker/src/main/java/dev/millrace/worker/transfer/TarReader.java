package dev.millrace.worker.transfer;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads tar archives: ustar, GNU long names and pax headers. */
final class TarReader {
  private static final int BLOCK = 512;
  private static final int NAME_LIMIT = 1 << 20;

  /** One member; {@code type} is the letter of the format, {@code '0'} for a regular file. */
  record Entry(String name, char type, int mode, long size, String link) {}

  private final InputStream in;
  private long left;
  private long padding;

  TarReader(InputStream in) {
    this.in = in;
  }

  /** The next member, or null at the end. */
  @Nullable Entry next() throws IOException {
    Map<String, String> pax = new HashMap<>();
    String longName = null;
    String longLink = null;
    while (true) {
      in.skipNBytes(left + padding);
      left = 0;
      padding = 0;
      byte[] block = in.readNBytes(BLOCK);
      if (block.length == 0 || allZero(block)) {
        return null;
      }
      if (block.length < BLOCK) {
        throw new EOFException("the archive is cut short");
      }
      checkSum(block);
      char type = block[156] == 0 ? '0' : (char) block[156];
      long size = number(block, 124, 12);
      begin(size);
      switch (type) {
        case 'x' -> pax.putAll(records(body()));
        case 'g' -> body();
        case 'L' -> longName = text(body());
        case 'K' -> longLink = text(body());
        default -> {
          String size2 = pax.get("size");
          size = size2 == null ? size : parse(size2);
          // Only files carry bytes; some writers state a size for links and folders too.
          begin(type == '0' || type == '7' ? size : 0);
          String name = first(pax.get("path"), longName, ustarName(block));
          String link = first(pax.get("linkpath"), longLink, string(block, 157, 100));
          return new Entry(name, type, (int) number(block, 100, 8), size, link);
        }
      }
    }
  }

  /** Reads the bytes of the member; -1 at its end. */
  int read(byte[] buffer) throws IOException {
    if (left == 0) {
      return -1;
    }
    int n = in.read(buffer, 0, (int) Math.min(buffer.length, left));
    if (n < 0) {
      throw new EOFException("the archive is cut short");
    }
    left -= n;
    return n;
  }

  private void begin(long size) throws IOException {
    if (size < 0) {
      throw new IOException("the archive has a member of negative size");
    }
    left = size;
    padding = (BLOCK - size % BLOCK) % BLOCK;
  }

  private byte[] body() throws IOException {
    if (left > NAME_LIMIT) {
      throw new IOException("the archive has a header that is too long");
    }
    byte[] bytes = in.readNBytes((int) left);
    if (bytes.length < left) {
      throw new EOFException("the archive is cut short");
    }
    left = 0;
    return bytes;
  }

  private static Map<String, String> records(byte[] bytes) throws IOException {
    Map<String, String> records = new HashMap<>();
    int at = 0;
    while (at < bytes.length) {
      int space = at;
      while (space < bytes.length && bytes[space] != ' ') {
        space++;
      }
      long length = parse(new String(bytes, at, space - at, StandardCharsets.US_ASCII));
      if (length <= space - at || at + length > bytes.length) {
        throw new IOException("the archive has a bad pax header");
      }
      String record =
          new String(bytes, space + 1, (int) (at + length - space - 2), StandardCharsets.UTF_8);
      int equals = record.indexOf('=');
      if (equals > 0) {
        records.put(record.substring(0, equals), record.substring(equals + 1));
      }
      at += (int) length;
    }
    return records;
  }

  private static String ustarName(byte[] block) {
    String name = string(block, 0, 100);
    boolean ustar = "ustar\0".equals(new String(block, 257, 6, StandardCharsets.US_ASCII));
    String prefix = ustar ? string(block, 345, 155) : "";
    return prefix.isEmpty() ? name : prefix + "/" + name;
  }

  private static void checkSum(byte[] block) throws IOException {
    long sum = 0;
    for (int i = 0; i < BLOCK; i++) {
      sum += i >= 148 && i < 156 ? ' ' : block[i] & 0xff;
    }
    if (sum != number(block, 148, 8)) {
      throw new IOException("the archive is not a tar file, or damaged");
    }
  }

  private static long number(byte[] block, int offset, int length) throws IOException {
    if ((block[offset] & 0x80) != 0) {
      long value = block[offset] & 0x7f;
      for (int i = 1; i < length; i++) {
        value = value << 8 | block[offset + i] & 0xff;
      }
      return value;
    }
    String text = string(block, offset, length).trim();
    try {
      return text.isEmpty() ? 0 : Long.parseLong(text, 8);
    } catch (NumberFormatException e) {
      throw new IOException("the archive is not a tar file, or damaged", e);
    }
  }

  private static long parse(String text) throws IOException {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new IOException("the archive has a bad pax header", e);
    }
  }

  private static String string(byte[] block, int offset, int length) {
    int end = offset;
    while (end < offset + length && block[end] != 0) {
      end++;
    }
    return new String(block, offset, end - offset, StandardCharsets.UTF_8);
  }

  private static String text(byte[] bytes) {
    return string(bytes, 0, bytes.length);
  }

  private static String first(@Nullable String a, @Nullable String b, String c) {
    return a != null ? a : b != null ? b : c;
  }

  private static boolean allZero(byte[] block) {
    for (byte b : block) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }
}
