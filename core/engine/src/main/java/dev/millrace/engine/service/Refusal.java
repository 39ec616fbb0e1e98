package dev.millrace.engine.service;

/**
 * A use case's "no", in words for the one who asked. {@code code} is for programs and never
 * changes; the message says what is wrong and what to do.
 */
public abstract sealed class Refusal extends RuntimeException
    permits Conflict, Denied, Invalid, NotFound, TooMany, Unauthenticated, Unavailable {
  private static final long serialVersionUID = 1;
  private final String code;

  Refusal(String code, String message) {
    // A refusal is an answer, not a fault: nobody reads its stack.
    super(message, null, false, false);
    this.code = code;
  }

  /** A word for programs, for example {@code does_not_exist}. */
  public final String code() {
    return code;
  }

  /** The message; never null. */
  public final String text() {
    return String.valueOf(getMessage());
  }
}
