package dev.millrace.persistence;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** Empties a database between tests, which is quicker than making one. */
final class Emptied {
  private Emptied() {}

  static SqlDatabase of(SqlDatabase database) {
    try (Connection connection = database.pool().getConnection();
        Statement statement = connection.createStatement()) {
      List<String> tables = new ArrayList<>();
      try (ResultSet rows =
          statement.executeQuery(
              "select table_name from information_schema.tables where table_type = 'BASE TABLE'"
                  + " and table_schema in ('PUBLIC', 'millrace')")) {
        while (rows.next()) {
          tables.add(rows.getString(1));
        }
      }
      for (String table : tables) {
        if (table.equalsIgnoreCase("journal")) {
          statement.executeUpdate("update journal set last_position = 0");
        } else if (!table.equalsIgnoreCase("flyway_schema_history")) {
          statement.executeUpdate("delete from " + table);
        }
      }
      connection.commit();
      return database;
    } catch (SQLException e) {
      throw new IllegalStateException("cannot empty the database", e);
    }
  }
}
