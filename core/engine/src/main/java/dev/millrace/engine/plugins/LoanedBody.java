package dev.millrace.engine.plugins;

import java.io.IOException;
import java.io.InputStream;

/** A caller's stream, lent to a plugin for one call: afterwards a late plugin cannot touch it. */
final class LoanedBody extends InputStream {
  private final InputStream body;
  private boolean returned;

  LoanedBody(InputStream body) {
    this.body = body;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    int n = read(one, 0, 1);
    return n < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    synchronized (this) {
      if (returned) {
        throw new IOException("the call that lent this body is over");
      }
    }
    return body.read(into, offset, length);
  }

  /** The caller closes its own stream. */
  @Override
  public void close() {}

  synchronized void giveBack() {
    returned = true;
  }
}
