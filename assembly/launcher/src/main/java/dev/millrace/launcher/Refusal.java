package dev.millrace.launcher;

/** The start is refused; the message says why and what the operator can do. */
final class Refusal extends Exception {
  private static final long serialVersionUID = 1L;

  Refusal(String message) {
    super(message);
  }
}
