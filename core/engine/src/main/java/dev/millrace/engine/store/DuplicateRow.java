package dev.millrace.engine.store;

/**
 * A row with the same unique key exists. {@code constraint} names the key, as the store's method
 * says.
 */
public final class DuplicateRow extends RuntimeException {
  private static final long serialVersionUID = 1;
  private final String constraint;

  public DuplicateRow(String constraint, Throwable cause) {
    super("a row with the same " + constraint + " exists", cause);
    this.constraint = constraint;
  }

  public String constraint() {
    return constraint;
  }
}
