package dev.millrace.engine.domain;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/** A range of addresses such as {@code 10.0.0.0/8}, or a single address. */
public record AddressRange(InetAddress network, int prefix) {

  /** Reads a range; a host name is refused, for its addresses can change. */
  public static AddressRange parse(String text) {
    int slash = text.indexOf('/');
    String host = slash < 0 ? text : text.substring(0, slash);
    if (!host.matches("[0-9a-fA-F:.]+") || !host.matches(".*[:.].*")) {
      throw bad(text, null);
    }
    try {
      InetAddress network = InetAddress.getByName(host);
      int bits = network.getAddress().length * 8;
      int prefix = slash < 0 ? bits : Integer.parseInt(text.substring(slash + 1));
      if (prefix < 0 || prefix > bits) {
        throw bad(text, null);
      }
      return new AddressRange(network, prefix);
    } catch (UnknownHostException | NumberFormatException e) {
      throw bad(text, e);
    }
  }

  private static IllegalArgumentException bad(String text, @Nullable Exception cause) {
    return new IllegalArgumentException(
        "\"" + text + "\" is not an address range; write one such as 10.0.0.0/8", cause);
  }

  /** Whether the address lies in this range. */
  public boolean contains(InetAddress address) {
    byte[] given = address.getAddress();
    byte[] start = network.getAddress();
    if (given.length != start.length) {
      return false;
    }
    for (int bit = 0; bit < prefix; bit++) {
      int mask = 0x80 >> (bit % 8);
      if ((given[bit / 8] & mask) != (start[bit / 8] & mask)) {
        return false;
      }
    }
    return true;
  }
}
