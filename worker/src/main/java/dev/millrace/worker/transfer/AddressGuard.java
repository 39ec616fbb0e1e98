package dev.millrace.worker.transfer;

import dev.millrace.worker.http.TcpConnector;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Refuses addresses that the input of a user has no business with, unless allowed by range. */
public final class AddressGuard implements TcpConnector.AddressCheck {
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
    InetAddress address = AddressPolicy.meant(given);
    if (allowed.stream().anyMatch(r -> r.contains(address) || r.contains(given))) {
      return;
    }
    String what = AddressPolicy.reason(given).map(words -> "is " + words).orElse(null);
    if (what == null && port == master.getPort() && isMaster(address)) {
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

  /** What the address is, in words, if nothing that a user names may lead there; else null. */
  public static @Nullable String offLimits(InetAddress address) {
    return AddressPolicy.reason(address).orElse(null);
  }

  private boolean isMaster(InetAddress address) {
    try {
      return Arrays.asList(InetAddress.getAllByName(master.getHostString())).contains(address);
    } catch (UnknownHostException e) {
      return false;
    }
  }
}
