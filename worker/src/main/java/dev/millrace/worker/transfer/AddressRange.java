package dev.millrace.worker.transfer;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** A range of addresses such as {@code 10.0.0.0/8}, or a single address. */
public record AddressRange(InetAddress network, int prefix) {

  /** Reads a range; a host name is refused, for its addresses can change. */
  public static AddressRange parse(String text) {
    int slash = text.indexOf('/');
    String host = slash < 0 ? text : text.substring(0, slash);
    if (!host.matches("[0-9a-fA-F:.]+") || !host.matches(".*[:.].*")) {
      throw new IllegalArgumentException(
          "'" + text + "' is not an address range; write one such as 10.0.0.0/8");
    }
    try {
      InetAddress network = InetAddress.getByName(host);
      int bits = network.getAddress().length * 8;
      int prefix = slash < 0 ? bits : Integer.parseInt(text.substring(slash + 1));
      if (prefix < 0 || prefix > bits) {
        throw new IllegalArgumentException("'" + text + "': the prefix must be 0 to " + bits);
      }
      return new AddressRange(network, prefix);
    } catch (UnknownHostException | NumberFormatException e) {
      throw new IllegalArgumentException(
          "'" + text + "' is not an address range; write one such as 10.0.0.0/8", e);
    }
  }

  /** Whether the address lies in this range. */
  public boolean contains(InetAddress address) {
    byte[] a = address.getAddress();
    byte[] n = network.getAddress();
    if (a.length != n.length) {
      return false;
    }
    for (int bit = 0; bit < prefix; bit++) {
      int mask = 0x80 >> (bit % 8);
      if ((a[bit / 8] & mask) != (n[bit / 8] & mask)) {
        return false;
      }
    }
    return true;
  }
}
