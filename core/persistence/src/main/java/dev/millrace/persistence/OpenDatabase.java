package dev.millrace.persistence;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import org.flywaydb.core.Flyway;
import org.hibernate.SessionFactory;
import org.hibernate.boot.Metadata;
import org.hibernate.boot.MetadataSources;
import org.hibernate.boot.model.naming.PhysicalNamingStrategySnakeCaseImpl;
import org.hibernate.boot.registry.BootstrapServiceRegistry;
import org.hibernate.boot.registry.BootstrapServiceRegistryBuilder;
import org.hibernate.boot.registry.StandardServiceRegistry;
import org.hibernate.boot.registry.StandardServiceRegistryBuilder;
import org.hibernate.cfg.AvailableSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The pool and the session factory over a migrated database; both end with {@link #close}. */
final class OpenDatabase implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OpenDatabase.class);
  private static final int POOL = 10;

  /**
   * Hibernate logs by JBoss Logging, which finds SLF4J by itself only where Logback is in sight.
   */
  private static final String LOGGING = "org.jboss.logging.provider";

  private final DatabaseAddress address;
  private final HikariDataSource pool;
  private final StandardServiceRegistry registry;
  private final SessionFactory sessions;

  private OpenDatabase(
      DatabaseAddress address,
      HikariDataSource pool,
      StandardServiceRegistry registry,
      SessionFactory sessions) {
    this.address = address;
    this.pool = pool;
    this.registry = registry;
    this.sessions = sessions;
  }

  /**
   * Connects, migrates under a lock and maps. Hibernate, Flyway and the pool look for classes by
   * this loader.
   */
  static OpenDatabase open(DatabaseAddress address) {
    ClassLoader own = OpenDatabase.class.getClassLoader();
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(own);
    if (System.getProperty(LOGGING) == null) {
      System.setProperty(LOGGING, "slf4j");
    }
    HikariDataSource pool = null;
    StandardServiceRegistry registry = null;
    try {
      pool = pool(address);
      int migrations = migrate(address, pool, own);
      registry = registry(pool, own);
      SessionFactory sessions = map(registry);
      LOG.info("database=open kind={} migrations={}", address.kind(), migrations);
      return new OpenDatabase(address, pool, registry, sessions);
    } catch (RuntimeException e) {
      if (registry != null) {
        StandardServiceRegistryBuilder.destroy(registry);
      }
      if (pool != null) {
        pool.close();
      }
      throw e;
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  SessionFactory sessions() {
    return sessions;
  }

  HikariDataSource pool() {
    return pool;
  }

  @Override
  public void close() {
    sessions.close();
    StandardServiceRegistryBuilder.destroy(registry);
    if (address.kind() == DatabaseAddress.Kind.H2) {
      shutDownH2();
    }
    pool.close();
    LOG.info("database=closed kind={}", address.kind());
  }

  private void shutDownH2() {
    boolean down = false;
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("SHUTDOWN");
      down = true;
    } catch (SQLException e) {
      // Closing the connection fails once the database is down.
      if (!down) {
        LOG.warn("database=open reason=\"H2 did not shut down\" error=\"{}\"", e.getMessage());
      }
    }
  }

  private static HikariDataSource pool(DatabaseAddress address) {
    HikariConfig config = new HikariConfig();
    config.setPoolName("millrace");
    config.setDriverClassName(address.kind().driver);
    config.setJdbcUrl(address.url());
    config.setUsername(address.user());
    config.setPassword(address.password().reveal());
    config.setMaximumPoolSize(POOL);
    config.setMinimumIdle(1);
    config.setAutoCommit(false);
    config.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
    config.setConnectionTimeout(10_000);
    config.setValidationTimeout(2_000);
    // How long the start waits for a server that is not up yet.
    config.setInitializationFailTimeout(60_000);
    return new HikariDataSource(config);
  }

  /** Flyway holds a lock of the database meanwhile, so that of several masters one migrates. */
  private static int migrate(DatabaseAddress address, HikariDataSource pool, ClassLoader own) {
    return Flyway.configure(own)
        .dataSource(pool)
        .locations("classpath:db/migration")
        .placeholders(Map.of("text", address.kind().text, "table", address.kind().table))
        .validateMigrationNaming(true)
        .cleanDisabled(true)
        .load()
        .migrate()
        .migrationsExecuted;
  }

  private static StandardServiceRegistry registry(HikariDataSource pool, ClassLoader own) {
    BootstrapServiceRegistry bootstrap =
        new BootstrapServiceRegistryBuilder().applyClassLoader(own).build();
    return new StandardServiceRegistryBuilder(bootstrap)
        .applySetting(AvailableSettings.JAKARTA_NON_JTA_DATASOURCE, pool)
        .applySetting(AvailableSettings.CONNECTION_PROVIDER_DISABLES_AUTOCOMMIT, true)
        // What fails is thrown; the log would hold the row's values as well.
        .applySetting(AvailableSettings.LOG_JDBC_ERRORS, false)
        .applySetting(AvailableSettings.LOG_JDBC_WARNINGS, false)
        .applySetting(AvailableSettings.PREFERRED_UUID_JDBC_TYPE, "BINARY")
        .applySetting(
            AvailableSettings.PHYSICAL_NAMING_STRATEGY, new PhysicalNamingStrategySnakeCaseImpl())
        .build();
  }

  private static SessionFactory map(StandardServiceRegistry registry) {
    MetadataSources sources = new MetadataSources(registry);
    for (Class<?> entity :
        new Class<?>[] {
          SqlOwners.Row.class,
          SqlTokens.Row.class,
          SqlTokens.JoinRow.class,
          SqlAudit.Row.class,
          SqlProjects.Row.class,
          SqlProjects.RepositoryRow.class,
          SqlCommits.Row.class,
          SqlCommits.ConfigRow.class,
          SqlEnvironments.Row.class,
          SqlDataStores.Row.class,
          ExecutionRow.class,
          ExecutionRow.SpecRow.class,
          SqlData.Row.class,
          SqlData.TagRow.class,
          SqlAliases.Row.class,
          SqlVariables.Row.class,
          SqlTeams.ProjectRow.class,
          SqlWorkers.Row.class,
          SqlNodes.Row.class
        }) {
      sources.addAnnotatedClass(entity);
    }
    Metadata metadata =
        sources.getMetadataBuilder().applyAttributeConverter(Micros.class, true).build();
    return metadata.buildSessionFactory();
  }
}
