package dev.millrace.worker.transfer;

import java.io.IOException;

/** A transfer failed for good; the message says what happened and what to do. */
public final class TransferException extends IOException {
  private static final long serialVersionUID = 1L;
  private final boolean expired;

  public TransferException(String message) {
    this(message, false);
  }

  TransferException(String message, boolean expired) {
    super(message);
    this.expired = expired;
  }

  /** Whether a fresh signed request may help. */
  public boolean mayBeExpired() {
    return expired;
  }
}
