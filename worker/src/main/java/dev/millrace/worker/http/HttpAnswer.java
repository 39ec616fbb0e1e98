package dev.millrace.worker.http;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One response; closing it gives the link back, or drops it when bytes are left. */
public final class HttpAnswer implements Closeable {
  private final int status;
  private final Map<String, String> headers;
  private final BodyStream body;

  HttpAnswer(int status, Map<String, String> headers, BodyStream body) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }

  /** The status code. */
  public int status() {
    return status;
  }

  /** The last value of a header, or null. */
  public @Nullable String header(String name) {
    return headers.get(name.toLowerCase(Locale.ROOT));
  }

  /** The body; it ends early with an exception when the server breaks off. */
  public InputStream body() {
    return body;
  }

  /** The body as bytes, at most {@code limit} of them; a longer one throws. */
  public byte[] bytes(int limit) throws IOException {
    byte[] bytes = body.readNBytes(limit);
    if (bytes.length == limit && body.read() >= 0) {
      throw new IOException("the answer is longer than " + limit + " bytes");
    }
    return bytes;
  }

  @Override
  public void close() throws IOException {
    body.close();
  }
}
