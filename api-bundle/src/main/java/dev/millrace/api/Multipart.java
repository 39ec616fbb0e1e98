package dev.millrace.api;

import dev.millrace.engine.service.Invalid;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.commons.fileupload.MultipartStream;

/** Reads a multipart form part by part; nothing but texts is ever held in memory. */
final class Multipart {
  /** Takes the parts in the order in which they come. */
  interface Receiver {
    /** Where the bytes of that part go, or empty for a part that is read as text. */
    Optional<OutputStream> file(String name) throws IOException;

    void text(String name, String value);
  }

  private static final Pattern NAME =
      Pattern.compile("(?i)(?:^|[;\\s])name=(?:\"([^\"]*)\"|([^;\\s]+))");
  private static final int BUFFER = 1 << 16;
  private static final int MAX_TEXT = 1 << 16;
  private static final int MAX_PARTS = 20;

  private Multipart() {}

  /** Reads all of the body; {@link Invalid} where it is no multipart form. */
  static void read(InputStream body, String boundary, Receiver receiver) throws IOException {
    try {
      MultipartStream parts =
          new MultipartStream(body, boundary.getBytes(StandardCharsets.ISO_8859_1), BUFFER, null);
      boolean more = parts.skipPreamble();
      if (!more) {
        throw Invalid.nonField("The body is no multipart form: it has no part", "parse_error");
      }
      for (int count = 0; more; count++) {
        if (count == MAX_PARTS) {
          throw Invalid.nonField("The form has more than " + MAX_PARTS + " parts", "invalid");
        }
        part(parts, receiver);
        more = parts.readBoundary();
      }
    } catch (MultipartStream.MalformedStreamException | IllegalArgumentException e) {
      throw Invalid.nonField(
          "The body is no whole multipart form: " + e.getMessage(), "parse_error");
    }
  }

  private static void part(MultipartStream parts, Receiver receiver) throws IOException {
    Matcher matcher = NAME.matcher(disposition(parts.readHeaders()));
    if (!matcher.find()) {
      throw Invalid.nonField("A part of the form has no name", "parse_error");
    }
    String name = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
    Optional<OutputStream> file = receiver.file(name);
    if (file.isPresent()) {
      try (OutputStream out = file.get()) {
        parts.readBodyData(out);
      }
      return;
    }
    Text text = new Text(name);
    parts.readBodyData(text);
    receiver.text(name, text.toString(StandardCharsets.UTF_8));
  }

  private static String disposition(String headers) {
    for (String line : headers.split("\r\n", -1)) {
      int colon = line.indexOf(':');
      if (colon > 0 && line.substring(0, colon).trim().equalsIgnoreCase("content-disposition")) {
        return line.substring(colon + 1);
      }
    }
    return "";
  }

  private static final class Text extends ByteArrayOutputStream {
    private final String name;

    Text(String name) {
      this.name = name;
    }

    @Override
    public synchronized void write(byte[] bytes, int from, int length) {
      if (size() + length > MAX_TEXT) {
        throw Invalid.field(name, "This part is longer than 64 KiB", "max_length");
      }
      super.write(bytes, from, length);
    }
  }
}
