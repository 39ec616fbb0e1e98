package dev.millrace.persistence;

import java.util.Optional;
import org.hibernate.StaleStateException;
import org.hibernate.StatelessSession;

/** Writes and reads one entity by its key. */
final class Table {
  private final StatelessSession session;

  Table(StatelessSession session) {
    this.session = session;
  }

  void insert(Object row) {
    session.insert(row);
  }

  /**
   * The compare-and-set: one UPDATE of the row with that id and version, which raises the version.
   * False if the row has another version, or is not there.
   */
  boolean update(Object row) {
    try {
      session.update(row);
      return true;
    } catch (StaleStateException e) {
      return false;
    }
  }

  <R> Optional<R> find(Class<R> type, Object id) {
    return Optional.ofNullable(session.get(type, id));
  }
}
