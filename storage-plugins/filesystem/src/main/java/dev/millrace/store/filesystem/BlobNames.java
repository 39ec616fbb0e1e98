package dev.millrace.store.filesystem;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Segments of keys as file names, both ways. What is not plain ASCII is percent-encoded, so that a
 * store is the same under every locale; a segment that gets too long for a file name is split, and
 * a piece that goes on in the folder below ends in a bare percent sign.
 */
final class BlobNames {
  /** At the end of a name: the segment goes on below. */
  static final String GOES_ON = "%";

  private static final String PLAIN = " ._-~+=@,()[]{}#!$&';^`";
  private static final int PIECE = 240;

  private BlobNames() {}

  /** The names of a segment, one below the other; mostly one. */
  static List<String> encode(String segment) {
    List<String> pieces = new ArrayList<>();
    StringBuilder piece = new StringBuilder();
    for (byte b : segment.getBytes(StandardCharsets.UTF_8)) {
      if (piece.length() > PIECE - 3) {
        pieces.add(piece.append(GOES_ON).toString());
        piece.setLength(0);
      }
      if (isPlain((char) (b & 0xff))) {
        piece.append((char) b);
      } else {
        piece.append('%').append(HexFormat.of().withUpperCase().toHexDigits(b));
      }
    }
    pieces.add(piece.toString());
    return pieces;
  }

  /** The segment of these names; empty if they are not what {@link #encode} makes. */
  static Optional<String> decode(List<String> names) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int n = 0; n < names.size(); n++) {
      String name = names.get(n);
      int end = n < names.size() - 1 ? name.length() - 1 : name.length();
      for (int i = 0; i < end; i++) {
        char c = name.charAt(i);
        if (c != '%') {
          bytes.write(c);
        } else if (i + 2 < end
            && HexFormat.isHexDigit(name.charAt(i + 1))
            && HexFormat.isHexDigit(name.charAt(i + 2))) {
          bytes.write(HexFormat.fromHexDigits(name, i + 1, i + 3));
          i += 2;
        } else {
          return Optional.empty();
        }
      }
    }
    try {
      String segment =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(bytes.toByteArray()))
              .toString();
      return encode(segment).equals(names) ? Optional.of(segment) : Optional.empty();
    } catch (CharacterCodingException e) {
      return Optional.empty();
    }
  }

  private static boolean isPlain(char c) {
    return c >= 'a' && c <= 'z'
        || c >= 'A' && c <= 'Z'
        || c >= '0' && c <= '9'
        || PLAIN.indexOf(c) >= 0;
  }
}
