package dev.millrace.persistence;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
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

  /** One for the lock and the history, one for the changes, and what they open besides. */
  private static final int MIGRATION_POOL = 4;

  /** How long a list waits for its turn before its reader is told to come again. */
  private static final Duration LIST_PATIENCE = Duration.ofSeconds(10);

  /** How long an answer that was half sent waits before it breaks off. */
  private static final Duration PATIENCE_WITHIN = Duration.ofSeconds(60);

  /**
   * Hibernate logs by JBoss Logging, which finds SLF4J by itself only where Logback is in sight.
   */
  private static final String LOGGING = "org.jboss.logging.provider";

  private final DatabaseAddress address;
  private final HikariDataSource pool;
  private final ListConnections lists;
  private final StandardServiceRegistry registry;
  private final SessionFactory sessions;

  private OpenDatabase(
      DatabaseAddress address,
      HikariDataSource pool,
      ListConnections lists,
      StandardServiceRegistry registry,
      SessionFactory sessions) {
    this.address = address;
    this.pool = pool;
    this.lists = lists;
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
    HikariDataSource lists = null;
    StandardServiceRegistry registry = null;
    try {
      pool = new HikariDataSource(pool(address.url(), address, "millrace", POOL));
      int migrations = migrate(address, own);
      registry = registry(pool, own);
      SessionFactory sessions = map(registry);
      LOG.info("database=open kind={} migrations={}", address.kind(), migrations);
      lists =
          new HikariDataSource(
              pool(address.listUrl(), address, "millrace-lists", ListConnections.MOST));
      return new OpenDatabase(
          address,
          pool,
          new ListConnections(lists, LIST_PATIENCE, PATIENCE_WITHIN),
          registry,
          sessions);
    } catch (RuntimeException e) {
      if (registry != null) {
        StandardServiceRegistryBuilder.destroy(registry);
      }
      if (lists != null) {
        lists.close();
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

  ListConnections lists() {
    return lists;
  }

  @Override
  public void close() {
    sessions.close();
    StandardServiceRegistryBuilder.destroy(registry);
    lists.close();
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

  private static HikariConfig pool(String url, DatabaseAddress address, String name, int most) {
    HikariConfig config = new HikariConfig();
    config.setPoolName(name);
    config.setDriverClassName(address.kind().driver);
    config.setJdbcUrl(url);
    config.setUsername(address.user());
    config.setPassword(address.password().reveal());
    config.setMaximumPoolSize(most);
    config.setMinimumIdle(1);
    config.setAutoCommit(false);
    config.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
    config.setConnectionTimeout(10_000);
    config.setValidationTimeout(2_000);
    // How long the start waits for a server that is not up yet.
    config.setInitializationFailTimeout(60_000);
    return config;
  }

  /** Flyway holds a lock of the database meanwhile, so that of several masters one migrates. */
  private static int migrate(DatabaseAddress address, ClassLoader own) {
    try (HikariDataSource pool =
        new HikariDataSource(
            pool(address.migrationUrl(), address, "millrace-migration", MIGRATION_POOL))) {
      return migrate(address, pool, own);
    }
  }

  private static int migrate(DatabaseAddress address, HikariDataSource pool, ClassLoader own) {
    Flyway flyway =
        Flyway.configure(own)
            .dataSource(pool)
            .locations("classpath:db/migration")
            .placeholders(
                Map.of(
                    "text",
                    address.kind().text,
                    "table",
                    address.kind().table,
                    "prefix",
                    address.kind().prefix))
            .validateMigrationNaming(true)
            .cleanDisabled(true)
            .load();
    if (Arrays.stream(flyway.info().all()).anyMatch(one -> one.getState().isFailed())) {
      // Forgets that it failed; its statements leave alone what the failed one had done already.
      flyway.repair();
    }
    return flyway.migrate().migrationsExecuted;
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
