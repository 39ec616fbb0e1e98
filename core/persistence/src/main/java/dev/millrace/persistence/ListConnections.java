package dev.millrace.persistence;

import com.zaxxer.hikari.HikariDataSource;
import dev.millrace.engine.store.DatabaseUnavailable;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * The few connections on which lists are read. Who finds them all taken waits, in turn, for some
 * seconds; who needs no list waits for none of them.
 */
final class ListConnections implements AutoCloseable {
  /** As many lists are read at once; each holds one stretch of rows in memory meanwhile. */
  static final int MOST = 4;

  /** Each that waits holds a thread of the server: beyond that many nobody begins to wait. */
  static final int MOST_WAITING = 40;

  /** Whoever has sent half an answer may wait longer, and where others may not begin to. */
  static final int MOST_WAITING_WITHIN = 100;

  private final HikariDataSource pool;
  private final Duration patience;
  private final Duration patienceWithin;
  private final Semaphore turns = new Semaphore(MOST, true);
  private final AtomicInteger waiting = new AtomicInteger();

  /** Who begins an answer waits for {@code patience}, who goes on with one for the other. */
  ListConnections(HikariDataSource pool, Duration patience, Duration patienceWithin) {
    this.pool = pool;
    this.patience = patience;
    this.patienceWithin = patienceWithin;
  }

  /** For an answer of which nothing was sent yet, or that may end early. */
  <T> T with(Function<Connection, T> work) {
    return with(work, patience, MOST_WAITING);
  }

  /** For the further rows of an answer that would break off without them. */
  <T> T within(Function<Connection, T> work) {
    return with(work, patienceWithin, MOST_WAITING_WITHIN);
  }

  private <T> T with(Function<Connection, T> work, Duration longest, int others) {
    if (!turn(longest, others)) {
      throw new DatabaseUnavailable(
          DatabaseUnavailable.Reason.TOO_MANY_LISTS,
          "no turn for a list: "
              + MOST
              + " are read at once, and "
              + others
              + " may wait, each "
              + longest.toSeconds()
              + " s");
    }
    try (Connection connection = pool.getConnection()) {
      return work.apply(connection);
    } catch (SQLException e) {
      throw Failures.translate(new IllegalStateException("no connection for a list", e));
    } finally {
      turns.release();
    }
  }

  private boolean turn(Duration longest, int others) {
    try {
      // With no time to wait, and unlike without a time, it takes no turn of those who wait.
      return turns.tryAcquire(0, TimeUnit.MILLISECONDS) || awaited(longest, others);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private boolean awaited(Duration longest, int others) throws InterruptedException {
    try {
      return waiting.incrementAndGet() <= others
          && turns.tryAcquire(longest.toMillis(), TimeUnit.MILLISECONDS);
    } finally {
      waiting.decrementAndGet();
    }
  }

  /** How many wait for a turn. */
  int waiting() {
    return waiting.get();
  }

  @Override
  public void close() {
    pool.close();
  }
}
