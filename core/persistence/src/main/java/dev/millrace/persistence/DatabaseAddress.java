package dev.millrace.persistence;

import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.settings.Settings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Where the database is and how to log in to it. Without {@code millrace.database.url} it is an H2
 * file in the data folder, which nobody else on the machine may read.
 */
record DatabaseAddress(Kind kind, String url, String user, Secret password) {
  private static final String URL = "millrace.database.url";
  private static final String USER = "millrace.database.user";
  private static final String PASSWORD_FILE = "millrace.database.password.file";

  /** A commit is in the file when it is answered; without this H2 may lose the last half second. */
  private static final String DURABLE = ";WRITE_DELAY=0;RETENTION_TIME=0";

  private static final String H2_LIMITS =
      ";LOCK_TIMEOUT=10000;QUERY_TIMEOUT=30000;DB_CLOSE_DELAY=-1;DB_CLOSE_ON_EXIT=FALSE";

  /** Seconds that a statement may take, and one that a list is read by. */
  static final int STATEMENT_SECONDS = 30;

  static final int LIST_SECONDS = 10;

  /** The databases that the migrations run on. */
  enum Kind {
    H2("org.h2.Driver", "VARCHAR(1000000000)", "", ""),
    MARIADB(
        "org.mariadb.jdbc.Driver",
        "LONGTEXT",
        "ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin",
        "(255)");

    final String driver;
    final String text;
    final String table;

    /** How much of a long text an index takes. */
    final String prefix;

    Kind(String driver, String text, String table, String prefix) {
      this.driver = driver;
      this.text = text;
      this.table = table;
      this.prefix = prefix;
    }
  }

  /** The same database for those who read lists. */
  String listUrl() {
    return kind == Kind.H2
        ? url.replace(
            "QUERY_TIMEOUT=" + STATEMENT_SECONDS * 1_000, "QUERY_TIMEOUT=" + LIST_SECONDS * 1_000)
        : url.replace(
            "max_statement_time=" + STATEMENT_SECONDS, "max_statement_time=" + LIST_SECONDS);
  }

  /** The same database for migrations: a change of a large table takes as long as it takes. */
  String migrationUrl() {
    return url.replaceFirst("QUERY_TIMEOUT=\\d+", "QUERY_TIMEOUT=0")
        .replaceFirst("max_statement_time=\\d+", "max_statement_time=0")
        .replaceFirst("socketTimeout=\\d+", "socketTimeout=0");
  }

  /** Reads the settings; throws IllegalArgumentException that names the setting at fault. */
  static DatabaseAddress of(Settings settings) {
    if (settings.text(URL).isEmpty()) {
      return h2File(settings.data().resolve("database"));
    }
    String url = settings.text(URL).get();
    if (!url.startsWith("jdbc:mariadb://")) {
      throw new IllegalArgumentException(
          "setting " + URL + " must begin with jdbc:mariadb:// (leave it out for the H2 file)");
    }
    if (url.toLowerCase(java.util.Locale.ROOT).contains("password=")) {
      throw new IllegalArgumentException(
          "setting "
              + URL
              + " must not hold a password; put it into a file and set "
              + PASSWORD_FILE);
    }
    String user =
        settings
            .text(USER)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "setting " + USER + " is missing; " + URL + " needs it"));
    Secret password =
        settings.text(PASSWORD_FILE).map(file -> password(Path.of(file))).orElse(Secret.of(""));
    return mariaDb(url, user, password);
  }

  static DatabaseAddress h2File(Path folder) {
    try {
      Files.createDirectories(folder);
      if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make the database's folder " + folder, e);
    }
    // async: a thread that is interrupted while it reads or writes closes a plain file channel, and
    // with it the
    // database for everybody.
    return new DatabaseAddress(
        Kind.H2,
        "jdbc:h2:async:" + folder.resolve("millrace") + DURABLE + H2_LIMITS,
        "sa",
        Secret.of(""));
  }

  /** A database in the heap that ends with its last connection: for tests. */
  static DatabaseAddress h2InMemory(String name) {
    return new DatabaseAddress(Kind.H2, "jdbc:h2:mem:" + name + H2_LIMITS, "sa", Secret.of(""));
  }

  static DatabaseAddress mariaDb(String url, String user, Secret password) {
    String limits =
        "connectTimeout=5000&socketTimeout=60000&tcpKeepAlive=true&cachePrepStmts=true"
            + "&sessionVariables=innodb_lock_wait_timeout=10,max_statement_time=30,"
            + "sql_mode='STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'";
    return new DatabaseAddress(
        Kind.MARIADB, url + (url.contains("?") ? "&" : "?") + limits, user, password);
  }

  private static Secret password(Path file) {
    try {
      return Secret.of(Files.readString(file).strip());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the file of setting " + PASSWORD_FILE, e);
    }
  }
}
