package dev.millrace.worker.http;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The status line and headers of a response. */
record HttpHead(int status, boolean http11, Map<String, String> headers) {
  private static final int LIMIT = 65_536;

  static HttpHead read(InputStream in) throws IOException {
    String first = line(in);
    String[] parts = first.split(" ", 3);
    if (parts.length < 2 || !parts[0].startsWith("HTTP/1.")) {
      throw new IOException("not an HTTP/1 answer");
    }
    int status;
    try {
      status = Integer.parseInt(parts[1]);
    } catch (NumberFormatException e) {
      throw new IOException("bad status line", e);
    }
    Map<String, String> headers = new LinkedHashMap<>();
    int bytes = 0;
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      bytes += line.length();
      if (bytes > LIMIT) {
        throw new IOException("the answer's headers are too long");
      }
      int colon = line.indexOf(':');
      if (colon > 0) {
        headers.put(
            line.substring(0, colon).trim().toLowerCase(Locale.ROOT),
            line.substring(colon + 1).trim());
      }
    }
    return new HttpHead(status, "HTTP/1.1".equals(parts[0]), headers);
  }

  /** One line without its end; the end of the stream before it throws. */
  static String line(InputStream in) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(80);
    while (true) {
      int b = in.read();
      if (b < 0) {
        throw new EOFException("the server closed the connection");
      }
      if (b == '\n') {
        break;
      }
      if (bytes.size() > LIMIT) {
        throw new IOException("the answer has a line that is too long");
      }
      bytes.write(b);
    }
    String text = bytes.toString(StandardCharsets.ISO_8859_1);
    return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
  }
}
