package dev.millrace.engine.service;

import dev.millrace.engine.artifacts.StoreUnavailable;

/**
 * A use case's "no", in words for the one who asked. {@code code} is for programs and never
 * changes; the message says what is wrong and what to do.
 */
public abstract sealed class Refusal extends RuntimeException
    permits Conflict, Denied, Invalid, NotFound, TooMany, Unauthenticated, Unavailable {
  private static final long serialVersionUID = 1;
  private final String code;

  /** What a store's failure is to a user: try again, or ask for something else. */
  static Refusal of(StoreUnavailable e) {
    String words = String.valueOf(e.getMessage());
    return e.passing() ? new Unavailable(e.code(), words) : new Conflict(e.code(), words);
  }

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
