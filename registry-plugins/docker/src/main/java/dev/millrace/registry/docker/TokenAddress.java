package dev.millrace.registry.docker;

import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.registry.ImageRef;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;

/**
 * Where a registry sends us for a token. The registry chooses that address, and the account's
 * password goes there: it must be HTTPS and lead to no address that only this machine has.
 */
record TokenAddress(URI uri) {
  static TokenAddress of(String text, ImageRef image, RegistryHosts hosts) throws PluginException {
    URI uri;
    try {
      uri = new URI(text);
    } catch (URISyntaxException e) {
      throw RegistryErrors.odd(image.host(), "its token address is malformed");
    }
    if (!hosts.safe(uri)) {
      throw RegistryErrors.odd(image.host(), "its token address is not HTTPS");
    }
    if (uri.getHost() == null || uri.getUserInfo() != null || offLimits(uri.getHost(), hosts)) {
      throw RegistryErrors.odd(
          image.host(), "its token address leads into this machine or its cloud");
    }
    return new TokenAddress(uri);
  }

  private static boolean offLimits(String host, RegistryHosts hosts) {
    try {
      for (InetAddress address : InetAddress.getAllByName(host)) {
        boolean own = address.isLoopbackAddress() && hosts.onLoopback();
        if (!own && AddressPolicy.reason(address).isPresent()) {
          return true;
        }
      }
      return false;
    } catch (UnknownHostException e) {
      // The call itself says that it is not reachable.
      return false;
    }
  }
}
