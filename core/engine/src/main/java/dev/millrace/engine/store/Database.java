package dev.millrace.engine.store;

/** The truth: rows, changed in transactions. */
public interface Database {
  /**
   * Runs {@code work} in one transaction and commits, or rolls back when it throws. A lost
   * compare-and-set is not retried here: the store's answer says so. A deadlock victim is run
   * again, three times at the most, so {@code work} must not act outside the database.
   *
   * @throws DatabaseUnavailable when the database cannot be reached, takes no changes, or stopped a
   *     statement that took too long
   * @throws DuplicateRow when a unique key is taken
   */
  <T> T transact(Work<T> work);

  /** Like {@link #transact}, for reading only. */
  <T> T read(Work<T> work);

  /**
   * Like {@link #read}, for lists and whatever else a user may make large: on connections of its
   * own, so that nobody else ever waits for one, and with less time for each statement.
   *
   * @throws DatabaseUnavailable also when there was no turn for it within some seconds, or when too
   *     many wait for theirs
   */
  default <T> T list(Work<T> work) {
    return read(work);
  }

  /**
   * Like {@link #list}, for further rows of an answer whose first ones were sent: it waits a minute
   * for its turn, because the answer would break off without them.
   */
  default <T> T listOn(Work<T> work) {
    return list(work);
  }

  /** Whether the database answers within two seconds. */
  boolean answers();

  /** Whether the database takes changes, as far as it says so within two seconds. */
  default boolean writable() {
    return answers();
  }

  /** What runs inside a transaction. */
  @FunctionalInterface
  interface Work<T> {
    T in(Session session);
  }
}
