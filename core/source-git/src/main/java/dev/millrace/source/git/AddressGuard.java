package dev.millrace.source.git;

import dev.millrace.engine.domain.AddressRange;
import dev.millrace.engine.domain.OffLimits;
import dev.millrace.engine.source.SourceException;
import dev.millrace.engine.source.SourceException.Code;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Turns a server's name into the addresses that are connected to, after each was judged: the
 * connection goes to what was checked, however the name resolves a moment later.
 */
final class AddressGuard {
  private final List<AddressRange> allowed;
  private final Set<Integer> masterPorts;

  AddressGuard(List<AddressRange> allowed, Set<Integer> masterPorts) {
    this.allowed = List.copyOf(allowed);
    this.masterPorts = Set.copyOf(masterPorts);
  }

  /** The address may not be connected to; the message is for users. */
  static final class Refused extends UnknownHostException {
    private static final long serialVersionUID = 1;

    Refused(String message) {
      super(message);
    }
  }

  /**
   * All addresses of the host.
   *
   * @param plain whether the connection would not be encrypted, for which only allowed ranges do
   * @throws Refused if one of them is off limits
   * @throws UnknownHostException if the name has none
   */
  InetAddress[] resolve(String host, int port, boolean plain) throws UnknownHostException {
    InetAddress[] found = InetAddress.getAllByName(host);
    for (InetAddress address : found) {
      Optional<String> reason = reason(address, port);
      if (reason.isPresent()) {
        throw new Refused(
            "repositories may not be fetched from "
                + host
                + ", which is "
                + reason.get()
                + " ("
                + address.getHostAddress()
                + "); the operator can allow it with MILLRACE_GIT_ALLOW");
      }
      if (plain && allowed.stream().noneMatch(range -> range.contains(address))) {
        throw new Refused(
            "code is not fetched over plain HTTP, where anybody on the way can change it: give the"
                + " https:// address; the operator can allow plain HTTP for a range of addresses"
                + " with MILLRACE_GIT_ALLOW");
      }
    }
    return found;
  }

  /** As {@link #resolve}, before anything is connected; a name without an address passes. */
  void check(String host, int port, boolean plain) throws SourceException {
    try {
      resolve(host, port, plain);
    } catch (Refused e) {
      throw new SourceException(Code.REFUSED, String.valueOf(e.getMessage()), e);
    } catch (UnknownHostException e) {
      // It may be known when it is fetched, and is judged again then.
    }
  }

  private Optional<String> reason(InetAddress address, int port) {
    Optional<String> offLimits = OffLimits.reason(address, allowed);
    if (offLimits.isPresent() || !masterPorts.contains(port) || !own(address)) {
      return offLimits;
    }
    return allowed.stream().anyMatch(range -> range.contains(address))
        ? Optional.empty()
        : Optional.of("the Millrace master itself");
  }

  private static boolean own(InetAddress address) {
    try {
      return NetworkInterface.getByInetAddress(address) != null;
    } catch (SocketException e) {
      return false;
    }
  }

  /** The refusal among the causes of a failure, if there is one. */
  static Optional<Refused> in(Throwable failure) {
    for (Throwable at = failure; at != null; at = at.getCause()) {
      if (at instanceof Refused refused) {
        return Optional.of(refused);
      }
      Optional<Refused> hidden =
          Arrays.stream(at.getSuppressed()).flatMap(s -> in(s).stream()).findFirst();
      if (hidden.isPresent()) {
        return hidden;
      }
    }
    return Optional.empty();
  }
}
