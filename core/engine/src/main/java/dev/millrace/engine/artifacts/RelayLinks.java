package dev.millrace.engine.artifacts;

import dev.millrace.engine.domain.StoreId;
import dev.millrace.engine.keys.InstallationKey;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * Signs and checks addresses of the master's relay. The signature covers the verb, the path and
 * every part of the query, but no host.
 */
@Component(service = RelayLinks.class, immediate = true)
public final class RelayLinks {
  private static final String PURPOSE = "transfer v1";

  private final InstallationKey key;
  private final Clock clock;

  @Activate
  public RelayLinks(@Reference InstallationKey key, @Reference Clock clock) {
    this.key = key;
    this.clock = clock;
  }

  /**
   * What a link allows.
   *
   * @param verb GET or PUT
   * @param expires seconds since 1970
   * @param bytes the most that may be written; 0 for GET
   * @param fileName what browsers call the file; may be empty
   */
  public record Grant(
      String verb, StoreId store, String key, long expires, long bytes, String fileName) {
    private String text() {
      return String.join(
          "\n",
          verb,
          store.toString(),
          key,
          Long.toString(expires),
          Long.toString(bytes),
          fileName);
    }
  }

  /** A signed request for one blob of a relayed store. */
  Transfer link(
      String verb,
      StoreId store,
      String blob,
      long bytes,
      String fileName,
      Duration validity,
      String baseUrl) {
    Instant expires = clock.instant().plus(validity);
    Grant grant = new Grant(verb, store, blob, expires.getEpochSecond(), bytes, plain(fileName));
    String url =
        baseUrl
            + "/transfer/"
            + store
            + "/"
            + Arrays.stream(blob.split("/", -1))
                .map(RelayLinks::encode)
                .collect(Collectors.joining("/"))
            + "?e="
            + grant.expires()
            + (bytes > 0 || verb.equals("PUT") ? "&m=" + bytes : "")
            + (grant.fileName().isEmpty() ? "" : "&n=" + encode(grant.fileName()))
            + "&s="
            + key.sign(PURPOSE, grant.text());
    return new Transfer(verb, url, Map.of(), Instant.ofEpochSecond(grant.expires()));
  }

  /** Whether that signature was given for exactly this, and its time is not over. */
  public boolean good(Grant grant, String signature) {
    return key.verify(PURPOSE, grant.text(), signature)
        && clock.instant().getEpochSecond() < grant.expires();
  }

  private static String plain(String fileName) {
    return fileName
        .codePoints()
        .filter(c -> !Character.isISOControl(c))
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
