package dev.millrace.persistence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.DatabaseUnavailable;
import dev.millrace.engine.store.Session;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contracts on a real MariaDB, which the test starts. */
@Tag("mariadb")
class MariaDbContractTest {
  private static MariaDbServer server;

  private static SqlDatabase open;

  @BeforeAll
  static void open(@TempDir Path folder) throws Exception {
    MariaDbServer.assumeInstalled();
    server = MariaDbServer.start(folder);
    open = new SqlDatabase(server.address());
  }

  @AfterAll
  static void close() {
    if (open != null) {
      open.close();
    }
    if (server != null) {
      server.close();
    }
  }

  private static Database emptied() {
    return Emptied.of(open);
  }

  @Nested
  class Transactions extends TransactionContract {
    @Override
    Database empty() {
      return emptied();
    }
  }

  @Nested
  class Executions extends ExecutionContract {
    @Override
    Database empty() {
      return emptied();
    }
  }

  @Nested
  class Waiting extends WaitingContract {
    @Override
    Database empty() {
      return emptied();
    }
  }

  @Nested
  class Catalogue extends CatalogueContract {
    @Override
    Database empty() {
      return emptied();
    }
  }

  @Nested
  class Journal extends JournalContract {
    @Override
    Database empty() {
      return emptied();
    }
  }

  @Nested
  class Installation extends InstallationContract {
    @Override
    Database empty() {
      return emptied();
    }
  }

  @Nested
  class Sharing extends SharingContract {
    @Override
    Database empty() {
      return emptied();
    }
  }

  @Nested
  class Lists extends ListContract {
    @Override
    Database empty() {
      return emptied();
    }
  }

  @Nested
  class Plans extends ListPlans {
    @Override
    Database empty() {
      return emptied();
    }

    @Override
    String numbers(int most) {
      return "(select seq as n from seq_1_to_" + most + ")";
    }

    @Override
    String id() {
      return "unhex(replace(uuid(), '-', ''))";
    }

    @Override
    String planLine(ResultSet row) throws SQLException {
      return row.getString("key") + " " + row.getString("Extra");
    }

    @Override
    boolean sorted(String plan) {
      return !plan.contains("filesort");
    }
  }

  @Test
  void aReadOnlyServerIsSaidToBeAndChangesAreWorthTryingAgain() throws Exception {
    Database database = emptied();
    database.transact(s -> written(s, "before"));
    server.readOnly(true);
    try {
      assertTrue(database.answers());
      assertFalse(database.writable());
      assertEquals(
          DatabaseUnavailable.Reason.READ_ONLY,
          assertThrows(
                  DatabaseUnavailable.class, () -> database.transact(s -> written(s, "during")))
              .reason());
      assertEquals(Optional.of("before"), database.read(s -> s.settings().get("a")));
      assertEquals(Optional.of("before"), database.list(s -> s.settings().get("a")));
    } finally {
      server.readOnly(false);
    }
    assertTrue(database.writable());
    database.transact(s -> written(s, "after"));
  }

  private static boolean written(Session session, String value) {
    session.settings().put("a", value);
    return true;
  }

  @Test
  void aMigrationThatFailedHalfWayIsDoneAgain() throws Exception {
    String found = "select count(*) from information_schema.statistics where index_name = ";
    try (Connection connection = open.pool().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(
          "update flyway_schema_history set success = 0 where cast(version as int) >= 12");
      statement.execute("drop index ix_pending_upload_execution on pending_upload");
      connection.commit();
      new SqlDatabase(server.address()).close();
      try (ResultSet row = statement.executeQuery(found + "'ix_pending_upload_execution'")) {
        row.next();
        assertEquals(1, row.getInt(1));
      }
    }
  }

  @Test
  void aListThatTakesTooLongIsStoppedByTheServer() {
    DatabaseAddress address = server.address();
    DatabaseAddress hasty =
        new DatabaseAddress(
            address.kind(),
            address.url().replace("max_statement_time=30", "max_statement_time=1"),
            address.user(),
            address.password());
    try (SqlDatabase database = new SqlDatabase(hasty)) {
      DatabaseUnavailable stopped =
          assertThrows(
              DatabaseUnavailable.class,
              () ->
                  database.list(
                      s ->
                          new Jdbc(((SqlSession) s).hibernate())
                              .list(
                                  row -> row.getLong(1),
                                  "select sum(seq * seq % 7) from seq_1_to_10000000000")));
      assertEquals(DatabaseUnavailable.Reason.TOO_SLOW, stopped.reason());
      assertTrue(database.answers());
    }
  }

  @Nested
  class Removal extends RemovalContract {
    @Override
    Database empty() {
      return emptied();
    }
  }
}
