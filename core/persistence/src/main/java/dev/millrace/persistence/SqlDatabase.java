package dev.millrace.persistence;

import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import java.sql.Connection;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
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
    return retried(work, false);
  }

  @Override
  public <T> T read(Work<T> work) {
    return retried(work, true);
  }

  @Override
  public boolean answers() {
    Future<Boolean> answer =
        asking.submit(
            () -> {
              try (Connection connection = open.pool().getConnection()) {
                return connection.isValid(ANSWER_SECONDS);
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

  private <T> T retried(Work<T> work, boolean readOnly) {
    for (int retry = 0; ; retry++) {
      try {
        return once(work, readOnly);
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

  private <T> T once(Work<T> work, boolean readOnly) {
    try (StatelessSession session = open.sessions().openStatelessSession()) {
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
}
