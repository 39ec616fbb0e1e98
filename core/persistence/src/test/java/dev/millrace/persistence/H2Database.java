package dev.millrace.persistence;

import dev.millrace.engine.store.Database;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Gives each test a fresh and empty H2 database in the heap: {@code @RegisterExtension H2Database
 * h2 = new H2Database();} and {@code h2.database()}, or {@code @ExtendWith(H2Database.class)} and a
 * parameter of type {@link Database}.
 *
 * @see RegisterExtension
 */
public final class H2Database implements BeforeEachCallback, AfterEachCallback, ParameterResolver {
  private SqlDatabase database;

  /** A fresh database; the caller closes it. */
  public static SqlDatabase fresh() {
    return new SqlDatabase(DatabaseAddress.h2InMemory("test-" + UUID.randomUUID()));
  }

  /** How many statements the database was asked meanwhile, as it counts them itself. */
  public long statements(Runnable work) {
    ask("set query_statistics_max_entries 10000");
    ask("set query_statistics false");
    ask("set query_statistics true");
    work.run();
    long counted = ask("select sum(execution_count) from information_schema.query_statistics");
    ask("set query_statistics false");
    return counted;
  }

  /** Changes rows in a way that the ports have no method for. */
  public void change(String sql) {
    ask(sql);
  }

  private long ask(String sql) {
    try (Connection connection = database.pool().getConnection();
        Statement statement = connection.createStatement()) {
      long answer = 0;
      if (statement.execute(sql)) {
        try (ResultSet rows = statement.getResultSet()) {
          answer = rows.next() ? rows.getLong(1) : 0;
        }
      }
      connection.commit();
      return answer;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  public Database database() {
    return database;
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    database = fresh();
  }

  @Override
  public void afterEach(ExtensionContext context) {
    database.close();
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == Database.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return database;
  }
}
