package dev.millrace.engine.store;

/** The truth: rows, changed in transactions. */
public interface Database {
  /**
   * Runs {@code work} in one transaction and commits, or rolls back when it throws. A lost
   * compare-and-set is not retried here: the store's answer says so. A deadlock victim is run
   * again, three times at the most, so {@code work} must not act outside the database.
   *
   * @throws DatabaseUnavailable when the database cannot be reached
   * @throws DuplicateRow when a unique key is taken
   */
  <T> T transact(Work<T> work);

  /** Like {@link #transact}, for reading only. */
  <T> T read(Work<T> work);

  /** Whether the database answers within two seconds. */
  boolean answers();

  /** What runs inside a transaction. */
  @FunctionalInterface
  interface Work<T> {
    T in(Session session);
  }
}
