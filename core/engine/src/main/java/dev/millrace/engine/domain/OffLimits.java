package dev.millrace.engine.domain;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

/** Addresses that nothing a user names may lead to, unless the operator allows them by range. */
public final class OffLimits {
  private OffLimits() {}

  /** What the address is, in words, if it is off limits; empty if it may be reached. */
  public static Optional<String> reason(InetAddress given, List<AddressRange> allowed) {
    InetAddress meant = AddressPolicy.meant(given);
    return allowed.stream().anyMatch(range -> range.contains(meant) || range.contains(given))
        ? Optional.empty()
        : AddressPolicy.reason(given);
  }
}
