package dev.millrace.engine.domain;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Which addresses nothing that a user names may lead to. Master, worker and registry plugin are
 * built apart from each other, so each has this class; the cases of docs/addresses.txt, which the
 * tests of all read, keep them alike.
 */
final class AddressPolicy {
  private record Block(byte[] start, int bits, String words) {
    static Block of(String start, int bits, String words) {
      return new Block(literal(start), bits, words);
    }

    boolean contains(byte[] address) {
      if (address.length != start.length) {
        return false;
      }
      for (int i = 0; i < bits; i++) {
        int mask = 0x80 >> (i % 8);
        if (((address[i / 8] ^ start[i / 8]) & mask) != 0) {
          return false;
        }
      }
      return true;
    }
  }

  private static final String METADATA = "a cloud's metadata address";
  private static final String TUNNEL = "an address that leads on to another one";
  private static final List<Block> CLOSED =
      List.of(
          Block.of("127.0.0.0", 8, "a loopback address"),
          Block.of("0.0.0.0", 8, "an address of this machine itself"),
          Block.of("169.254.0.0", 16, "a link-local address"),
          Block.of("224.0.0.0", 4, "a multicast address"),
          Block.of("240.0.0.0", 4, "a reserved address"),
          Block.of("192.0.0.0", 24, METADATA),
          Block.of("100.100.100.200", 32, METADATA),
          Block.of("168.63.129.16", 32, METADATA),
          Block.of("::", 128, "an address of this machine itself"),
          Block.of("::1", 128, "a loopback address"),
          Block.of("fe80::", 10, "a link-local address"),
          Block.of("ff00::", 8, "a multicast address"),
          Block.of("fd00:0ec2::", 32, METADATA),
          Block.of("fd20:ce::", 32, METADATA),
          Block.of("64:ff9b:1::", 48, TUNNEL),
          Block.of("2002::", 16, TUNNEL),
          Block.of("2001::", 32, TUNNEL));

  /** IPv4 in the last four bytes: translated, compatible. Java turns mapped ones by itself. */
  private static final List<Block> EMBEDDING =
      List.of(
          Block.of("64:ff9b::", 96, ""), Block.of("::", 96, ""), Block.of("::ffff:0:0:0", 96, ""));

  private static final byte[] ISATAP = {0, 0, 0x5e, (byte) 0xfe};

  private AddressPolicy() {}

  /** What the address is, in words, if it is off limits. */
  static Optional<String> reason(InetAddress address) {
    byte[] bytes = meant(address).getAddress();
    return CLOSED.stream().filter(b -> b.contains(bytes)).map(Block::words).findFirst();
  }

  /** The IPv4 address that an IPv6 address stands for, else the address itself. */
  static InetAddress meant(InetAddress address) {
    byte[] bytes = address.getAddress();
    if (bytes.length != 16 || address.isLoopbackAddress() || address.isAnyLocalAddress()) {
      return address;
    }
    byte[] marker = Arrays.copyOfRange(bytes, 8, 12);
    // The second lowest bit of an interface's number says only whether it is unique in the world.
    marker[0] &= (byte) 0xfd;
    boolean isatap = Arrays.equals(marker, ISATAP);
    if (!isatap && EMBEDDING.stream().noneMatch(b -> b.contains(bytes))) {
      return address;
    }
    try {
      return InetAddress.getByAddress(Arrays.copyOfRange(bytes, 12, 16));
    } catch (UnknownHostException e) {
      throw new IllegalStateException("four bytes are an address", e);
    }
  }

  private static byte[] literal(String text) {
    try {
      // No name is ever asked for: these are addresses.
      return InetAddress.getByName(text).getAddress();
    } catch (UnknownHostException e) {
      throw new IllegalStateException(text, e);
    }
  }
}
