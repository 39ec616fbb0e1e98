package dev.millrace.persistence;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.hibernate.StatelessSession;
import org.jspecify.annotations.Nullable;

/**
 * Statements that are plainer in SQL than in HQL: counters, beats and inserts that may find the row
 * there. Runs within the session's transaction.
 */
final class Jdbc {
  private final StatelessSession session;

  Jdbc(StatelessSession session) {
    this.session = session;
  }

  /** Runs a change and returns how many rows it touched. */
  int change(String sql, @Nullable Object... values) {
    return session.doReturningWork(
        connection -> {
          try (PreparedStatement statement = connection.prepareStatement(sql)) {
            bind(statement, values);
            return statement.executeUpdate();
          }
        });
  }

  /**
   * Runs an insert; false if a row of the same key exists. Both databases undo only the statement
   * then.
   */
  boolean insert(String sql, @Nullable Object... values) {
    return session.doReturningWork(
        connection -> {
          try (PreparedStatement statement = connection.prepareStatement(sql)) {
            bind(statement, values);
            return statement.executeUpdate() == 1;
          } catch (SQLException e) {
            if (Failures.duplicate(e)) {
              return false;
            }
            throw e;
          }
        });
  }

  /** Runs one change for each row of values. */
  void changeEach(String sql, List<@Nullable Object[]> rows) {
    if (rows.isEmpty()) {
      return;
    }
    session.doWork(
        connection -> {
          try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (@Nullable Object[] values : rows) {
              bind(statement, values);
              statement.addBatch();
            }
            statement.executeBatch();
          }
        });
  }

  <T> List<T> list(Reader<T> reader, String sql, @Nullable Object... values) {
    return session.doReturningWork(connection -> read(connection, reader, sql, values));
  }

  <T> Optional<T> first(Reader<T> reader, String sql, @Nullable Object... values) {
    return list(reader, sql, values).stream().findFirst();
  }

  private static <T> List<T> read(
      Connection connection, Reader<T> reader, String sql, @Nullable Object... values)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      bind(statement, values);
      List<T> found = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          found.add(reader.read(rows));
        }
      }
      return found;
    }
  }

  private static void bind(PreparedStatement statement, @Nullable Object... values)
      throws SQLException {
    for (int i = 0; i < values.length; i++) {
      Object value = values[i];
      if (value instanceof UUID id) {
        statement.setBytes(i + 1, Micros.bytes(id));
      } else if (value instanceof Instant time) {
        statement.setLong(i + 1, Micros.of(time));
      } else {
        statement.setObject(i + 1, value);
      }
    }
  }

  /** Makes a value of the current row. */
  @FunctionalInterface
  interface Reader<T> {
    T read(ResultSet row) throws SQLException;
  }
}
