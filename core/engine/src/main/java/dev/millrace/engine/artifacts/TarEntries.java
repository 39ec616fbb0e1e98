package dev.millrace.engine.artifacts;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Reads the members of a tar stream (ustar, GNU long names, pax headers), front to back. Nothing is
 * unpacked; sizes and counts are bounded as they are read.
 */
final class TarEntries {
  /** One member; {@code link} is the target of a symbolic or hard link, else empty. */
  record Entry(String name, char type, String link, long size, int mode) {
    boolean file() {
      return type == '0' || type == 0 || type == '7';
    }
  }

  private static final int BLOCK = 512;
  private static final int MAX_HEADER_BYTES = 1 << 20;

  private final InputStream in;
  private final long maxBytes;
  private long read;
  private long left;
  private long padding;

  TarEntries(InputStream in, long maxBytes) {
    this.in = in;
    this.maxBytes = maxBytes;
  }

  /** Reads what follows the last member to its end, so that nothing large hides there. */
  void drain() throws IOException {
    byte[] sink = new byte[1 << 14];
    for (int got = in.read(sink); got >= 0; got = in.read(sink)) {
      count(got);
    }
  }

  /** The next member, or empty at the end; what was left of the one before is skipped. */
  Optional<Entry> next() throws IOException {
    skip(left + padding);
    left = 0;
    padding = 0;
    Map<String, String> pax = new HashMap<>();
    String longName = "";
    String longLink = "";
    while (true) {
      byte[] header = new byte[BLOCK];
      int got = in.readNBytes(header, 0, BLOCK);
      count(got);
      if (got == 0 || blank(header, got)) {
        return Optional.empty();
      }
      if (got < BLOCK) {
        throw new EOFException("the archive ends inside a header");
      }
      checkSum(header);
      char type = (char) (header[156] & 0xff);
      long size = number(header, 124, 12);
      switch (type) {
        case 'x' -> pax.putAll(pax(body(size)));
        case 'g' -> body(size);
        case 'L' -> longName = text(body(size));
        case 'K' -> longLink = text(body(size));
        default -> {
          return Optional.of(entry(header, type, size, pax, longName, longLink));
        }
      }
    }
  }

  /** The bytes of the member that {@link #next} just gave; fails if there are more than that. */
  byte[] content(int most) throws IOException {
    if (left > most) {
      throw new IOException("the file is larger than " + most + " bytes");
    }
    byte[] bytes = in.readNBytes((int) left);
    count(bytes.length);
    if (bytes.length < left) {
      throw new EOFException("the archive ends inside a file");
    }
    left = 0;
    return bytes;
  }

  private Entry entry(
      byte[] header,
      char type,
      long headerSize,
      Map<String, String> pax,
      String longName,
      String longLink)
      throws IOException {
    long size = headerSize;
    if (pax.containsKey("size")) {
      try {
        size = Long.parseLong(pax.getOrDefault("size", ""));
      } catch (NumberFormatException e) {
        throw new IOException("a size in the archive is not a number", e);
      }
    }
    if (size < 0) {
      throw new IOException("a size in the archive is negative");
    }
    String name = field(header, 0, 100);
    String magic = new String(header, 257, 5, StandardCharsets.US_ASCII);
    String prefix = header[262] == 0 && magic.equals("ustar") ? field(header, 345, 155) : "";
    if (!prefix.isEmpty()) {
      name = prefix + "/" + name;
    }
    if (!longName.isEmpty()) {
      name = longName;
    }
    name = pax.getOrDefault("path", name);
    String link = longLink.isEmpty() ? field(header, 157, 100) : longLink;
    link = pax.getOrDefault("linkpath", link);
    // Only files carry bytes; some writers state a size for links and folders too.
    boolean carries = type == '0' || type == 0 || type == '7';
    left = carries ? size : 0;
    padding = (BLOCK - left % BLOCK) % BLOCK;
    return new Entry(name, type, link, left, (int) number(header, 100, 8));
  }

  private byte[] body(long size) throws IOException {
    if (size < 0 || size > MAX_HEADER_BYTES) {
      throw new IOException("an extended header in the archive is larger than 1 MiB");
    }
    left = size;
    byte[] bytes = content(MAX_HEADER_BYTES);
    skip((BLOCK - size % BLOCK) % BLOCK);
    return bytes;
  }

  private static Map<String, String> pax(byte[] body) throws IOException {
    Map<String, String> records = new HashMap<>();
    int at = 0;
    while (at < body.length) {
      int blank = at;
      while (blank < body.length && body[blank] != ' ') {
        blank++;
      }
      int length;
      try {
        length = Integer.parseInt(new String(body, at, blank - at, StandardCharsets.US_ASCII));
      } catch (NumberFormatException e) {
        throw new IOException("an extended header in the archive is damaged", e);
      }
      if (length < blank - at + 3 || at + length > body.length) {
        throw new IOException("an extended header in the archive is damaged");
      }
      String record = new String(body, blank + 1, at + length - blank - 2, StandardCharsets.UTF_8);
      int equals = record.indexOf('=');
      if (equals < 1) {
        throw new IOException("an extended header in the archive is damaged");
      }
      if (record.startsWith("GNU.sparse")) {
        throw new IOException("the archive holds a sparse file; pack it without --sparse");
      }
      records.put(record.substring(0, equals), record.substring(equals + 1));
      at += length;
    }
    return records;
  }

  private void skip(long bytes) throws IOException {
    long rest = bytes;
    byte[] sink = new byte[1 << 14];
    while (rest > 0) {
      int got = in.read(sink, 0, (int) Math.min(sink.length, rest));
      if (got < 0) {
        throw new EOFException("the archive ends inside a file");
      }
      rest -= got;
      count(got);
    }
  }

  private void count(int bytes) throws IOException {
    read += bytes;
    if (read > maxBytes) {
      throw new IOException("unpacked it is larger than " + maxBytes + " bytes");
    }
  }

  private static void checkSum(byte[] header) throws IOException {
    long stated = number(header, 148, 8);
    long sum = 0;
    for (int i = 0; i < BLOCK; i++) {
      sum += i >= 148 && i < 156 ? ' ' : header[i] & 0xff;
    }
    if (sum != stated) {
      throw new IOException(
          "a header's checksum is wrong: this is no tar archive, or a damaged one");
    }
  }

  private static long number(byte[] header, int from, int length) throws IOException {
    if ((header[from] & 0x80) != 0) {
      // GNU's base-256 form for large values.
      long value = header[from] & 0x3f;
      for (int i = from + 1; i < from + length; i++) {
        if (value > Long.MAX_VALUE >> 9) {
          throw new IOException("a number in the archive is too large");
        }
        value = value << 8 | header[i] & 0xff;
      }
      return value;
    }
    String text = field(header, from, length).trim();
    try {
      return text.isEmpty() ? 0 : Long.parseLong(text, 8);
    } catch (NumberFormatException e) {
      throw new IOException("a header is damaged: this is no tar archive", e);
    }
  }

  private static String field(byte[] header, int from, int length) {
    int end = from;
    while (end < from + length && header[end] != 0) {
      end++;
    }
    return new String(header, from, end - from, StandardCharsets.UTF_8);
  }

  private static String text(byte[] body) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte b : body) {
      if (b == 0) {
        break;
      }
      out.write(b);
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  private static boolean blank(byte[] block, int length) {
    for (int i = 0; i < length; i++) {
      if (block[i] != 0) {
        return false;
      }
    }
    return true;
  }
}
