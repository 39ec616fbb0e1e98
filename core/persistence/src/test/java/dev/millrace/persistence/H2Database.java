package dev.millrace.persistence;

import dev.millrace.engine.store.Database;
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
