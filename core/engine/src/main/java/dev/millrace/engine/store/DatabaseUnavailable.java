package dev.millrace.engine.store;

/** The database cannot be reached; worth trying again. */
public final class DatabaseUnavailable extends RuntimeException {
  private static final long serialVersionUID = 1;

  public DatabaseUnavailable(String message, Throwable cause) {
    super(message, cause);
  }
}
