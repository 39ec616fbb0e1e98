package dev.millrace.persistence;

import com.zaxxer.hikari.HikariDataSource;
import dev.millrace.engine.store.DatabaseUnavailable;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * The few connections on which lists are read. Who finds them all taken waits, in turn, for some
 * seconds; who needs no list waits for none of them.
 */
final class ListConnections implements AutoCloseable {
  /** As many lists are read at once; each holds one stretch of rows in memory meanwhile. */
  static final int MOST = 4;

  private final HikariDataSource pool;
  private final Duration patience;
  private final Semaphore turns = new Semaphore(MOST, true);

  ListConnections(HikariDataSource pool, Duration patience) {
    this.pool = pool;
    this.patience = patience;
  }

  <T> T with(Function<Connection, T> work) {
    if (!turn()) {
      throw new DatabaseUnavailable(
          DatabaseUnavailable.Reason.TOO_MANY_LISTS,
          "no list ended within " + patience.toSeconds() + " s; " + MOST + " are read at once");
    }
    try (Connection connection = pool.getConnection()) {
      return work.apply(connection);
    } catch (SQLException e) {
      throw Failures.translate(new IllegalStateException("no connection for a list", e));
    } finally {
      turns.release();
    }
  }

  private boolean turn() {
    try {
      return turns.tryAcquire(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Override
  public void close() {
    pool.close();
  }
}
