package dev.millrace.persistence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.DatabaseUnavailable;
import dev.millrace.engine.store.DatabaseUnavailable.Reason;
import dev.millrace.engine.store.Session;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Lists have connections of their own, and less time. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ListConnectionsTest {
  private static final int MANY = 40;

  @Test
  void whoReadsNoListWaitsForNone() throws Exception {
    ExecutorService readers = Executors.newFixedThreadPool(MANY);
    CountDownLatch taken = new CountDownLatch(ListConnections.MOST);
    CountDownLatch let = new CountDownLatch(1);
    try (SqlDatabase database = H2Database.fresh()) {
      for (int i = 0; i < MANY; i++) {
        readers.execute(() -> hold(database, taken, let));
      }
      assertTrue(taken.await(60, TimeUnit.SECONDS));
      assertTrue(database.answers());
      assertTrue(database.writable());
      for (int i = 0; i < 20; i++) {
        String value = "" + i;
        database.transact(s -> write(s, value));
        assertEquals(value, database.read(s -> s.settings().get("a").orElseThrow()));
      }
      let.countDown();
      readers.shutdown();
      assertTrue(readers.awaitTermination(60, TimeUnit.SECONDS));
    } finally {
      let.countDown();
      readers.shutdownNow();
    }
  }

  @Test
  void aListThatGetsNoTurnIsToldToComeAgain() throws Exception {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl("jdbc:h2:mem:" + UUID.randomUUID());
    config.setMaximumPoolSize(ListConnections.MOST);
    CountDownLatch taken = new CountDownLatch(ListConnections.MOST);
    CountDownLatch let = new CountDownLatch(1);
    ExecutorService readers = Executors.newFixedThreadPool(ListConnections.MOST);
    try (ListConnections lists =
        new ListConnections(
            new HikariDataSource(config), Duration.ofMillis(200), Duration.ofMinutes(2))) {
      for (int i = 0; i < ListConnections.MOST; i++) {
        readers.execute(() -> lists.with(connection -> hold(taken, let)));
      }
      assertTrue(taken.await(60, TimeUnit.SECONDS));
      DatabaseUnavailable refused =
          assertThrows(DatabaseUnavailable.class, () -> lists.with(connection -> true));
      assertEquals(Reason.TOO_MANY_LISTS, refused.reason());
      let.countDown();
      readers.shutdown();
      assertTrue(readers.awaitTermination(60, TimeUnit.SECONDS));
      assertEquals("free", lists.with(connection -> "free"));
    } finally {
      let.countDown();
      readers.shutdownNow();
    }
  }

  @Test
  void whereManyWaitOneMoreIsRefusedAtOnce() throws Exception {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl("jdbc:h2:mem:" + UUID.randomUUID());
    config.setMaximumPoolSize(ListConnections.MOST);
    CountDownLatch taken = new CountDownLatch(ListConnections.MOST);
    CountDownLatch let = new CountDownLatch(1);
    CountDownLatch served = new CountDownLatch(ListConnections.MOST_WAITING + 1);
    ExecutorService readers = Executors.newCachedThreadPool();
    try (ListConnections lists =
        new ListConnections(
            new HikariDataSource(config), Duration.ofMinutes(2), Duration.ofMinutes(2))) {
      for (int i = 0; i < ListConnections.MOST; i++) {
        readers.execute(() -> lists.with(connection -> hold(taken, let)));
      }
      assertTrue(taken.await(60, TimeUnit.SECONDS));
      for (int i = 0; i < ListConnections.MOST_WAITING; i++) {
        readers.execute(() -> lists.with(connection -> counted(served)));
      }
      awaitWaiting(lists, ListConnections.MOST_WAITING);
      DatabaseUnavailable refused =
          assertTimeoutPreemptively(
              Duration.ofSeconds(60),
              () -> assertThrows(DatabaseUnavailable.class, () -> lists.with(connection -> true)));
      assertEquals(Reason.TOO_MANY_LISTS, refused.reason());
      // Whoever has sent half an answer waits all the same.
      readers.execute(() -> lists.within(connection -> counted(served)));
      awaitWaiting(lists, ListConnections.MOST_WAITING + 1);
      let.countDown();
      assertTrue(served.await(120, TimeUnit.SECONDS));
    } finally {
      let.countDown();
      readers.shutdownNow();
    }
  }

  private static void awaitWaiting(ListConnections lists, int many) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (lists.waiting() < many && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertEquals(many, lists.waiting());
  }

  private static boolean counted(CountDownLatch served) {
    served.countDown();
    return true;
  }

  @Test
  void migrationsHaveAllTheTimeThatTheyNeed() {
    for (DatabaseAddress address :
        new DatabaseAddress[] {
          DatabaseAddress.h2InMemory("x"),
          DatabaseAddress.mariaDb("jdbc:mariadb://db/m", "m", Secret.of(""))
        }) {
      assertTrue(
          address.migrationUrl().matches(".*(QUERY_TIMEOUT=0;|socketTimeout=0&.*time=0,).*"),
          address.migrationUrl());
    }
  }

  @Test
  void aStatementThatTakesTooLongIsStoppedAndSaidToBeTooSlow() {
    DatabaseAddress hasty =
        new DatabaseAddress(
            DatabaseAddress.Kind.H2,
            "jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1;QUERY_TIMEOUT=500",
            "sa",
            Secret.of(""));
    try (SqlDatabase database = new SqlDatabase(hasty)) {
      assertEquals(
          Reason.TOO_SLOW,
          assertThrows(DatabaseUnavailable.class, () -> database.list(this::endless)).reason());
      assertEquals(
          Reason.TOO_SLOW,
          assertThrows(DatabaseUnavailable.class, () -> database.read(this::endless)).reason());
      assertTrue(database.answers());
    }
  }

  @Test
  void listsHaveLessTimeThanOthersOnBothDatabases() {
    for (DatabaseAddress address :
        new DatabaseAddress[] {
          DatabaseAddress.h2InMemory("x"),
          DatabaseAddress.mariaDb("jdbc:mariadb://db/m", "m", Secret.of(""))
        }) {
      assertTrue(address.url().matches(".*(QUERY_TIMEOUT=30000|max_statement_time=30).*"));
      assertTrue(address.listUrl().matches(".*(QUERY_TIMEOUT=10000|max_statement_time=10).*"));
    }
  }

  private long endless(Session session) {
    return ((SqlSession) session)
        .hibernate()
        .doReturningWork(
            connection -> {
              try (PreparedStatement statement =
                      connection.prepareStatement(
                          "select count(*) from system_range(1, 1000000) a,"
                              + " system_range(1, 1000000) b where a.x * b.x % 7 = 3");
                  ResultSet rows = statement.executeQuery()) {
                rows.next();
                return rows.getLong(1);
              }
            });
  }

  private static boolean write(Session session, String value) {
    session.settings().put("a", value);
    return true;
  }

  private static void hold(Database database, CountDownLatch taken, CountDownLatch let) {
    database.list(s -> s.settings().get("a").isPresent() || hold(taken, let));
  }

  private static boolean hold(CountDownLatch taken, CountDownLatch let) {
    taken.countDown();
    try {
      return let.await(60, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Test
  void whatTheDatabasesSayOfChangesThatTheyDoNotTakeIsUnderstood() {
    for (SQLException said :
        new SQLException[] {
          new SQLException(
              "The MariaDB server is running with the --read-only option so it cannot execute this"
                  + " statement",
              "HY000",
              1290),
          new SQLException("Cannot execute statement in a READ ONLY transaction", "25006", 1792),
          new SQLException("The database is read only", "90097", 90097)
        }) {
      RuntimeException told = Failures.translate(new IllegalStateException(said));
      assertEquals(
          Reason.READ_ONLY, assertThrows(DatabaseUnavailable.class, () -> raise(told)).reason());
    }
    RuntimeException other =
        new IllegalStateException(
            new SQLException(
                "running with the --secure-file-priv option so it cannot", "HY000", 1290));
    assertEquals(other, Failures.translate(other));
  }

  private static void raise(RuntimeException failure) {
    throw failure;
  }
}
