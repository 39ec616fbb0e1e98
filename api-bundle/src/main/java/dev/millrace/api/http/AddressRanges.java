package dev.millrace.api.http;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/**
 * Network addresses and ranges as an operator writes them: {@code 10.0.0.0/8, ::1}. Names are
 * refused.
 */
final class AddressRanges {
  private record Range(byte[] start, int bits) {}

  private final List<Range> ranges;

  AddressRanges(List<String> texts) {
    this.ranges = texts.stream().map(AddressRanges::parse).toList();
  }

  boolean contains(String address) {
    if (ranges.isEmpty()) {
      return false;
    }
    byte[] bytes = literal(address);
    return ranges.stream().anyMatch(r -> matches(r, bytes));
  }

  private static Range parse(String text) {
    int slash = text.indexOf('/');
    byte[] start = literal(slash < 0 ? text : text.substring(0, slash));
    int bits = slash < 0 ? start.length * 8 : Integer.parseInt(text.substring(slash + 1).trim());
    if (bits < 0 || bits > start.length * 8) {
      throw new IllegalArgumentException("not an address range: " + text);
    }
    return new Range(start, bits);
  }

  private static byte[] literal(String text) {
    String plain = text.trim().replace("[", "").replace("]", "");
    if (!plain.matches("[0-9a-fA-F:.%]+")) {
      throw new IllegalArgumentException("not a network address: " + text);
    }
    try {
      return InetAddress.getByName(plain).getAddress();
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("not a network address: " + text, e);
    }
  }

  private static boolean matches(Range range, byte[] address) {
    if (address.length != range.start().length) {
      return false;
    }
    for (int bit = 0; bit < range.bits(); bit++) {
      int mask = 0x80 >> (bit % 8);
      if ((address[bit / 8] & mask) != (range.start()[bit / 8] & mask)) {
        return false;
      }
    }
    return true;
  }
}
