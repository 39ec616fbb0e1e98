package dev.millrace.engine.source;

import org.jspecify.annotations.Nullable;

/** A repository cannot be used. The message is for users: it says what is wrong and what to do. */
public final class SourceException extends Exception {
  private static final long serialVersionUID = 1;

  /** Whose move it is. */
  public enum Code {
    /** The address is not allowed, or of a kind that is not supported. */
    REFUSED,
    /** There is no such repository, ref or commit. */
    NOT_FOUND,
    /** The repository is there but cannot be read, or is over a limit. */
    UNREADABLE,
    /** Worth trying again. */
    UNAVAILABLE
  }

  private final Code code;

  public SourceException(Code code, String message) {
    super(message);
    this.code = code;
  }

  public SourceException(Code code, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  public Code code() {
    return code;
  }
}
