package dev.millrace.worker.http;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.function.Consumer;

/** Reads one response body (by length, chunked, or until the end) and then returns its link. */
final class BodyStream extends InputStream {
  private static final long CHUNKED = -1;
  private static final long UNTIL_CLOSE = -2;

  private final HttpLink link;
  private final InputStream in;
  private final Consumer<HttpLink> whenReusable;
  private final boolean chunked;
  private final boolean untilClose;
  private long left;
  private boolean firstChunk = true;
  private boolean ended;
  private boolean closed;

  private BodyStream(HttpLink link, InputStream in, long length, Consumer<HttpLink> whenReusable) {
    this.link = link;
    this.in = in;
    this.whenReusable = whenReusable;
    this.chunked = length == CHUNKED;
    this.untilClose = length == UNTIL_CLOSE;
    this.left = Math.max(0, length);
    this.ended = length == 0;
  }

  static BodyStream ofLength(
      HttpLink link, InputStream in, long length, Consumer<HttpLink> whenReusable) {
    return new BodyStream(link, in, length, whenReusable);
  }

  static BodyStream chunked(HttpLink link, InputStream in, Consumer<HttpLink> whenReusable) {
    return new BodyStream(link, in, CHUNKED, whenReusable);
  }

  static BodyStream untilClose(HttpLink link, InputStream in) {
    return new BodyStream(link, in, UNTIL_CLOSE, l -> {});
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    int n = read(one, 0, 1);
    return n < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    if (ended || closed) {
      return -1;
    }
    if (length == 0) {
      return 0;
    }
    if (untilClose) {
      int n = in.read(buffer, offset, length);
      ended = n < 0;
      return n;
    }
    if (left == 0 && chunked && !nextChunk()) {
      return -1;
    }
    int n = in.read(buffer, offset, (int) Math.min(length, left));
    if (n < 0) {
      throw new EOFException("the server broke off with " + left + " bytes to come");
    }
    left -= n;
    if (left == 0 && !chunked) {
      ended = true;
    }
    return n;
  }

  private boolean nextChunk() throws IOException {
    if (!firstChunk) {
      HttpHead.line(in);
    }
    firstChunk = false;
    String size = HttpHead.line(in);
    int end = size.indexOf(';');
    try {
      left = Long.parseLong((end < 0 ? size : size.substring(0, end)).trim(), 16);
    } catch (NumberFormatException e) {
      throw new IOException("bad chunk size", e);
    }
    if (left > 0) {
      return true;
    }
    while (!HttpHead.line(in).isEmpty()) {
      // trailers are of no use here
    }
    ended = true;
    return false;
  }

  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    if (!ended && !untilClose && !drained()) {
      closed = true;
      link.close();
      return;
    }
    closed = true;
    if (untilClose) {
      link.close();
    } else {
      whenReusable.accept(link);
    }
  }

  /** Short remains are read so that the link can be used again. */
  private boolean drained() {
    if (!chunked && left > 65_536) {
      return false;
    }
    try {
      return skip(65_536) < 65_536 && read() < 0;
    } catch (IOException e) {
      return false;
    }
  }
}
