package dev.millrace.api.http;

import jakarta.servlet.ServletRequest;
import org.jspecify.annotations.Nullable;

/**
 * Where a request came from and how its client addressed this server.
 *
 * @param address the client's network address
 * @param base scheme, host and port as the client wrote them, without a slash at the end
 */
public record Origin(String address, String base) {
  /** The request attribute under which the front door leaves it. */
  static final String ATTRIBUTE = "millrace.origin";

  /** The client's address, of a request that came through the front door. */
  public static String address(ServletRequest request) {
    if (request.getAttribute(ATTRIBUTE) instanceof Origin origin) {
      return origin.address();
    }
    throw new IllegalStateException("the request did not come through the front door");
  }

  /**
   * Reads the forwarding headers, if the peer is a trusted proxy.
   *
   * @param peer address of the other end of the connection
   * @param host the {@code Host} header
   */
  static Origin of(
      AddressRanges trusted, String peer, String scheme, String host, Headers headers) {
    if (!trusted.contains(peer)) {
      return new Origin(peer, scheme + "://" + host);
    }
    String proto = first(headers.get("X-Forwarded-Proto"), scheme);
    String shown = first(headers.get("X-Forwarded-Host"), host);
    String port = first(headers.get("X-Forwarded-Port"), "");
    boolean standard = port.equals(proto.equals("https") ? "443" : "80");
    if (!port.isEmpty() && !standard && !shown.matches(".*:[0-9]+")) {
      shown = shown + ":" + port;
    }
    String base = proto.equals("https") ? "https://" : "http://";
    return new Origin(client(trusted, peer, headers.get("X-Forwarded-For")), base + shown);
  }

  /** The last address in the chain that no trusted proxy wrote for itself. */
  private static String client(AddressRanges trusted, String peer, @Nullable String chain) {
    if (chain == null) {
      return peer;
    }
    String[] hops = chain.split(",", -1);
    for (int i = hops.length - 1; i >= 0; i--) {
      String hop = hops[i].trim();
      try {
        if (!trusted.contains(hop)) {
          return hop;
        }
      } catch (IllegalArgumentException e) {
        // Somebody wrote nonsense into the header: believe only what the proxy itself saw.
        return peer;
      }
    }
    return peer;
  }

  private static String first(@Nullable String value, String otherwise) {
    if (value == null || value.isBlank()) {
      return otherwise;
    }
    String head = value.split(",", -1)[0].trim();
    return head.matches("[A-Za-z0-9.:_\\[\\]-]+") ? head : otherwise;
  }

  /** A request's headers by name. */
  @FunctionalInterface
  interface Headers {
    @Nullable String get(String name);
  }
}
