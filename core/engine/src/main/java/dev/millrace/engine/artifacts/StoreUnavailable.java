package dev.millrace.engine.artifacts;

/** A data store cannot be used at the moment. The message is for users; trying later may help. */
public final class StoreUnavailable extends RuntimeException {
  private static final long serialVersionUID = 1;

  public StoreUnavailable(String message) {
    super(message);
  }
}
