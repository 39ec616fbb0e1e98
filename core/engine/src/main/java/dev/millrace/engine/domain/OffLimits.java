package dev.millrace.engine.domain;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Addresses that nothing a user names may lead to, unless the operator allows them by range. */
public final class OffLimits {
  private static final List<AddressRange> METADATA =
      List.of(
          AddressRange.parse("100.100.100.200"),
          AddressRange.parse("168.63.129.16"),
          AddressRange.parse("fd00:0ec2::/32"));
  private static final AddressRange THIS_NETWORK = AddressRange.parse("0.0.0.0/8");
  private static final AddressRange NAT64 = AddressRange.parse("64:ff9b::/96");
  private static final AddressRange COMPATIBLE = AddressRange.parse("::/96");

  private OffLimits() {}

  /** What the address is, in words, if it is off limits; empty if it may be reached. */
  public static Optional<String> reason(InetAddress given, List<AddressRange> allowed) {
    InetAddress address = embedded(given);
    if (allowed.stream().anyMatch(range -> range.contains(address))) {
      return Optional.empty();
    }
    if (address.isLoopbackAddress()) {
      return Optional.of("a loopback address");
    }
    if (address.isAnyLocalAddress() || THIS_NETWORK.contains(address)) {
      return Optional.of("an address of this machine itself");
    }
    if (address.isLinkLocalAddress()) {
      return Optional.of("a link-local address");
    }
    if (address.isMulticastAddress()) {
      return Optional.of("a multicast address");
    }
    return METADATA.stream().anyMatch(range -> range.contains(address))
        ? Optional.of("a cloud's metadata address")
        : Optional.empty();
  }

  /** IPv4 inside IPv6 (NAT64, compatible; Java turns mapped ones by itself) counts as IPv4. */
  private static InetAddress embedded(InetAddress address) {
    byte[] bytes = address.getAddress();
    if (bytes.length == 16
        && !address.isLoopbackAddress()
        && !address.isAnyLocalAddress()
        && (NAT64.contains(address) || COMPATIBLE.contains(address))) {
      try {
        return InetAddress.getByAddress(Arrays.copyOfRange(bytes, 12, 16));
      } catch (UnknownHostException e) {
        throw new IllegalStateException("four bytes are an address", e);
      }
    }
    return address;
  }
}
