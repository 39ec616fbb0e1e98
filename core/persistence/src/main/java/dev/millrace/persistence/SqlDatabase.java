package dev.millrace.persistence;

import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.hibernate.StatelessSession;
import org.hibernate.Transaction;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The ports on H2 or MariaDB. */
@Component(service = Database.class, immediate = true)
public final class SqlDatabase implements Database, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SqlDatabase.class);
  private static final int RETRIES = 3;
  private static final int ANSWER_SECONDS = 2;

  private final OpenDatabase open;
  private final ExecutorService asking =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "millrace-database-answers");
            thread.setDaemon(true);
            return thread;
          });

  @Activate
  public SqlDatabase(@Reference Settings settings) {
    this(DatabaseAddress.of(settings));
  }

  SqlDatabase(DatabaseAddress address) {
    this.open = OpenDatabase.open(address);
  }

  @Override
  public <T> T transact(Work<T> work) {
    return retried(() -> once(open.sessions().openStatelessSession(), work, false));
  }

  @Override
  public <T> T read(Work<T> work) {
    return retried(() -> once(open.sessions().openStatelessSession(), work, true));
  }

  @Override
  public <T> T list(Work<T> work) {
    return open.lists()
        .with(
            connection ->
                retried(() -> once(open.sessions().openStatelessSession(connection), work, true)));
  }

  @Override
  public <T> T listOn(Work<T> work) {
    return open.lists()
        .within(
            connection ->
                retried(() -> once(open.sessions().openStatelessSession(connection), work, true)));
  }

  @Override
  public boolean answers() {
    return asked(connection -> connection.isValid(ANSWER_SECONDS));
  }

  @Override
  public boolean writable() {
    return asked(
        connection -> {
          try (Statement statement = connection.createStatement()) {
            // Touches no row, and is refused all the same where nothing may be changed.
            statement.executeUpdate("update loop_lead set beat = beat where loop_name = ''");
            return true;
          } catch (SQLException e) {
            return !Failures.readOnly(e);
          } finally {
            connection.rollback();
          }
        });
  }

  private boolean asked(Question question) {
    Future<Boolean> answer =
        asking.submit(
            () -> {
              try (Connection connection = open.pool().getConnection()) {
                return question.ask(connection);
              }
            });
    try {
      return answer.get(ANSWER_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } catch (ExecutionException e) {
      LOG.debug("database=silent error=\"{}\"", String.valueOf(e.getCause()));
      return false;
    } catch (TimeoutException e) {
      return false;
    } finally {
      answer.cancel(false);
    }
  }

  DataSource pool() {
    return open.pool();
  }

  @Deactivate
  @Override
  public void close() {
    asking.shutdownNow();
    open.close();
  }

  private static <T> T retried(Supplier<T> attempt) {
    for (int retry = 0; ; retry++) {
      try {
        return attempt.get();
      } catch (RuntimeException e) {
        if (retry == RETRIES || !Failures.victim(e)) {
          throw Failures.translate(e);
        }
        LOG.debug("transaction=victim retry={} error=\"{}\"", retry + 1, e.getMessage());
        LockSupport.parkNanos(
            TimeUnit.MILLISECONDS.toNanos(ThreadLocalRandom.current().nextInt(5, 50 << retry)));
      }
    }
  }

  private static <T> T once(StatelessSession opened, Work<T> work, boolean readOnly) {
    try (StatelessSession session = opened) {
      Transaction transaction = session.beginTransaction();
      try {
        T result = work.in(new SqlSession(session));
        if (readOnly) {
          transaction.rollback();
        } else {
          transaction.commit();
        }
        return result;
      } catch (Throwable e) {
        rollback(transaction, e);
        throw e;
      }
    }
  }

  private static void rollback(Transaction transaction, Throwable cause) {
    try {
      if (transaction.isActive()) {
        transaction.rollback();
      }
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
  }

  /** Asks something of a connection. */
  @FunctionalInterface
  private interface Question {
    boolean ask(Connection connection) throws SQLException;
  }
}
