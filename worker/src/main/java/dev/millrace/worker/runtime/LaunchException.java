package dev.millrace.worker.runtime;

/** The run cannot be started; the message says what happened and what to do. */
public final class LaunchException extends Exception {
  private static final long serialVersionUID = 1L;
  private final String reason;

  public LaunchException(String reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** The reason code of the wire. */
  public String reason() {
    return reason;
  }
}
