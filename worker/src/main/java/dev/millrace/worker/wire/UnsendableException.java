package dev.millrace.worker.wire;

import java.io.IOException;

/** A message that cannot be written as the wire wants it; what it says is at fault. */
public final class UnsendableException extends IOException {
  private static final long serialVersionUID = 1L;

  UnsendableException(String call) {
    super("what is to be said with " + call + " cannot be written as JSON.");
  }
}
