package dev.millrace.worker.transfer;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * The lines of a file of any length, of which only one is held, and of that one no more than its
 * limit.
 */
public final class BoundedLines {
  private final InputStream in;
  private final int longest;
  private final byte[] buffer = new byte[65_536];
  private int at;
  private int filled;
  private byte[] line = new byte[8_192];
  private int length;
  private long offset;
  private long read;
  private boolean tooLong;
  private boolean ended;

  /** Holds at most {@code longest} bytes of a line. */
  public BoundedLines(InputStream in, int longest) {
    this.in = in;
    this.longest = longest;
  }

  /** Goes to the next line; false when there is none. */
  public boolean next() throws IOException {
    offset = read;
    length = 0;
    tooLong = false;
    while (!ended) {
      if (at == filled) {
        at = 0;
        filled = in.read(buffer);
        if (filled < 0) {
          ended = true;
          filled = 0;
          return read > offset;
        }
      }
      int from = at;
      while (at < filled && buffer[at] != '\n') {
        at++;
      }
      keep(from);
      read += at - from;
      if (at < filled) {
        at++;
        read++;
        return true;
      }
    }
    return false;
  }

  private void keep(int from) {
    int more = at - from;
    if (tooLong || length + more > longest) {
      tooLong = true;
      length = 0;
      return;
    }
    if (length + more > line.length) {
      line = Arrays.copyOf(line, Math.max(2 * line.length, length + more));
    }
    System.arraycopy(buffer, from, line, length, more);
    length += more;
  }

  /** Where the line begins in what was read. */
  public long offset() {
    return offset;
  }

  /** Whether the line was longer than what is held of one; it is then empty. */
  public boolean tooLong() {
    return tooLong;
  }

  /** The bytes of the line, of which the first {@link #length} count. */
  @SuppressWarnings("EI_EXPOSE_REP") // Not copied: there may be millions.
  public byte[] bytes() {
    return line;
  }

  /** Bytes of the line. */
  public int length() {
    return length;
  }

  /** Whether there is nothing in it but white space. */
  public boolean blank() {
    for (int i = 0; i < length; i++) {
      if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r') {
        return false;
      }
    }
    return !tooLong;
  }
}
