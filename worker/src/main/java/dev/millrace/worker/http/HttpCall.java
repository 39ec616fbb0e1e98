package dev.millrace.worker.http;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One request; {@code timeout} bounds each wait for bytes, not the whole transfer. */
public record HttpCall(
    String method,
    URI uri,
    Map<String, String> headers,
    @Nullable HttpBody body,
    Duration timeout) {

  /** A GET without a body. */
  public static HttpCall get(URI uri, Map<String, String> headers, Duration timeout) {
    return new HttpCall("GET", uri, headers, null, timeout);
  }

  /** Where the call goes, without query, fragment and user information: fit for a log. */
  public static String display(URI uri) {
    StringBuilder text = new StringBuilder();
    text.append(uri.getScheme()).append("://").append(uri.getHost());
    if (uri.getPort() >= 0) {
      text.append(':').append(uri.getPort());
    }
    return text.append(uri.getRawPath() == null ? "" : uri.getRawPath()).toString();
  }
}
