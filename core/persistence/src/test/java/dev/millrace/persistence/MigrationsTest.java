package dev.millrace.persistence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A migration that was broken off goes on at the next start. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class MigrationsTest {
  private static final String HISTORY = "\"flyway_schema_history\"";

  @TempDir Path folder;

  @Test
  void whatBrokeOffHalfWayIsDoneAgain() throws SQLException {
    int all = rowsAfter("drop index ix_datum_name");
    assertEquals(
        all, rowsAfter("delete from " + HISTORY + " where cast(\"version\" as int) >= 12"));
    assertEquals(all, rowsAfter("select 1"));
    assertEquals(1, count("information_schema.indexes where index_name = 'IX_DATUM_NAME'"));
  }

  @Test
  void whatFailedHalfWayIsDoneAgain() throws SQLException {
    int all = rowsAfter("drop index ix_pending_upload_execution");
    assertEquals(
        all,
        rowsAfter(
            "update " + HISTORY + " set \"success\" = false where cast(\"version\" as int) >= 13"));
    assertEquals(all, rowsAfter("select 1"));
    assertEquals(0, count(HISTORY + " where not \"success\""));
    assertEquals(
        1, count("information_schema.indexes where index_name = 'IX_PENDING_UPLOAD_EXECUTION'"));
  }

  private SqlDatabase open() {
    return new SqlDatabase(DatabaseAddress.h2File(folder.resolve("database")));
  }

  /** How many migrations there are at a start after which that is done. */
  private int rowsAfter(String change) throws SQLException {
    try (SqlDatabase database = open();
        Connection connection = database.pool().getConnection();
        Statement statement = connection.createStatement()) {
      final int rows = count(statement, HISTORY + " where \"version\" is not null");
      statement.execute(change);
      connection.commit();
      assertTrue(rows > 0);
      return rows;
    }
  }

  private int count(String where) throws SQLException {
    try (SqlDatabase database = open();
        Connection connection = database.pool().getConnection();
        Statement statement = connection.createStatement()) {
      return count(statement, where);
    }
  }

  private static int count(Statement statement, String where) throws SQLException {
    try (ResultSet row = statement.executeQuery("select count(*) from " + where)) {
      row.next();
      return row.getInt(1);
    }
  }
}
