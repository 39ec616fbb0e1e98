package dev.millrace.engine.service;

import dev.millrace.engine.source.SourceAddress;
import java.net.URI;

/** Knows https:// addresses; nothing is fetched. */
final class HttpsAddresses extends NoSource {
  @Override
  public SourceAddress check(String url) {
    URI uri = URI.create(url);
    return new SourceAddress(SourceAddress.Kind.HTTPS, uri.getScheme() + "://" + uri.getHost());
  }
}
