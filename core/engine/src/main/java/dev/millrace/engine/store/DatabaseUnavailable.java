package dev.millrace.engine.store;

/** The database did not do it just now; worth trying again. */
public final class DatabaseUnavailable extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Why it did not. */
  public enum Reason {
    /** It cannot be reached. */
    UNREACHABLE,
    /** It takes no changes. */
    READ_ONLY,
    /** A statement took longer than it may. */
    TOO_SLOW,
    /** So many lists are being read that this one did not get its turn. */
    TOO_MANY_LISTS
  }

  private final Reason reason;

  public DatabaseUnavailable(String message, Throwable cause) {
    super(message, cause);
    this.reason = Reason.UNREACHABLE;
  }

  /** One whose stack says nothing that its reason does not. */
  public DatabaseUnavailable(Reason reason, String message) {
    super(message, null, false, false);
    this.reason = reason;
  }

  public Reason reason() {
    return reason;
  }
}
