package dev.millrace.worker.run;

/** A run cannot go on; the message says what happened and what to do. */
final class RunFailure extends Exception {
  private static final long serialVersionUID = 1L;
  private final String reason;

  RunFailure(String reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** The reason code of the wire. */
  String reason() {
    return reason;
  }
}
