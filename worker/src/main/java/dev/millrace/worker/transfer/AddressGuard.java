package dev.millrace.worker.transfer;

import dev.millrace.worker.http.TcpConnector;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;

/** Refuses addresses that the input of a user has no business with, unless allowed by range. */
public final class AddressGuard implements TcpConnector.AddressCheck {
  private static final List<AddressRange> METADATA =
      List.of(
          AddressRange.parse("100.100.100.200"),
          AddressRange.parse("168.63.129.16"),
          AddressRange.parse("fd00:ec2::/32"));
  private static final AddressRange NAT64 = AddressRange.parse("64:ff9b::/96");
  private static final AddressRange COMPATIBLE = AddressRange.parse("::/96");

  /** The address is refused by rule: trying again does not help. */
  public static final class Refused extends IOException {
    private static final long serialVersionUID = 1L;

    Refused(String message) {
      super(message);
    }
  }

  private final List<AddressRange> allowed;
  private final InetSocketAddress master;

  public AddressGuard(List<AddressRange> allowed, InetSocketAddress master) {
    this.allowed = List.copyOf(allowed);
    this.master = master;
  }

  @Override
  public void check(InetAddress given, int port) throws IOException {
    InetAddress address = embedded(given);
    if (allowed.stream().anyMatch(r -> r.contains(address))) {
      return;
    }
    String what = null;
    if (address.isLoopbackAddress() || address.isAnyLocalAddress()) {
      what = "is a loopback address";
    } else if (address.isLinkLocalAddress()) {
      what = "is a link-local address";
    } else if (address.isMulticastAddress()) {
      what = "is a multicast address";
    } else if (METADATA.stream().anyMatch(r -> r.contains(address))) {
      what = "is a cloud's metadata address";
    } else if (port == master.getPort() && isMaster(address)) {
      what = "is the Millrace master";
    }
    if (what != null) {
      throw new Refused(
          address.getHostAddress()
              + " "
              + what
              + ", from which inputs are not fetched; the operator can allow it with"
              + " MILLRACE_INPUT_ALLOW");
    }
  }

  private boolean isMaster(InetAddress address) {
    try {
      return Arrays.asList(InetAddress.getAllByName(master.getHostString())).contains(address);
    } catch (UnknownHostException e) {
      return false;
    }
  }

  /** IPv4 inside IPv6 (NAT64, compatible; Java turns mapped ones by itself) counts as IPv4. */
  private static InetAddress embedded(InetAddress address) throws UnknownHostException {
    byte[] bytes = address.getAddress();
    if (bytes.length == 16
        && !address.isLoopbackAddress()
        && !address.isAnyLocalAddress()
        && (NAT64.contains(address) || COMPATIBLE.contains(address))) {
      return InetAddress.getByAddress(Arrays.copyOfRange(bytes, 12, 16));
    }
    return address;
  }
}
