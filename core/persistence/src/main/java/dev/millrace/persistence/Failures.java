package dev.millrace.persistence;

import dev.millrace.engine.store.DatabaseUnavailable;
import dev.millrace.engine.store.DuplicateRow;
import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientConnectionException;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.hibernate.exception.JDBCConnectionException;
import org.jspecify.annotations.Nullable;

/** The only reader of the databases' error codes. */
final class Failures {
  /** Unique keys are named {@code uk_<table>_<word>}; the word is what the ports call them. */
  private static final Pattern KEY = Pattern.compile("uk_[a-z_]*_([a-z0-9]+)");

  private static final int MARIADB_DUPLICATE = 1062;
  private static final int H2_DUPLICATE = 23505;

  /**
   * MariaDB: lock wait timeout, deadlock, record changed since read. H2: lock timeout, deadlock.
   */
  private static final Set<Integer> VICTIM = Set.of(1205, 1213, 1020, 50200, 40001);

  /** MariaDB: max_statement_time was exceeded. H2: the statement's time was up. */
  private static final Set<Integer> TOO_SLOW = Set.of(1969, 57014);

  /**
   * MariaDB: an option prevents it, read-only transaction, read-only server. H2: the database is
   * read-only.
   */
  private static final Set<Integer> READ_ONLY = Set.of(1290, 1792, 1836, 90097);

  /** H2: broken connection, closed database, closed object, I/O error. */
  private static final Set<Integer> H2_GONE = Set.of(90067, 90098, 90121, 90007, 90031);

  private Failures() {}

  /** Whether a unique or primary key was taken. */
  static boolean duplicate(SQLException e) {
    return e.getErrorCode() == MARIADB_DUPLICATE || e.getErrorCode() == H2_DUPLICATE;
  }

  /** Whether the transaction lost against another one and would succeed if run again. */
  static boolean victim(Throwable failure) {
    return sql(failure)
        .filter(e -> VICTIM.contains(e.getErrorCode()) || "40001".equals(e.getSQLState()))
        .isPresent();
  }

  /** What the ports throw for it; the failure itself where they say nothing. */
  static RuntimeException translate(RuntimeException failure) {
    if (failure instanceof DuplicateRow || failure instanceof DatabaseUnavailable) {
      return failure;
    }
    Optional<SQLException> found = sql(failure);
    if (found.isEmpty()) {
      return failure instanceof JDBCConnectionException ? gone(failure) : failure;
    }
    SQLException e = found.get();
    if (duplicate(e)) {
      return new DuplicateRow(key(e.getMessage()), failure);
    }
    if (TOO_SLOW.contains(e.getErrorCode())) {
      return new DatabaseUnavailable(
          DatabaseUnavailable.Reason.TOO_SLOW,
          "the database stopped a statement that took longer than it may");
    }
    if (readOnly(e)) {
      return new DatabaseUnavailable(
          DatabaseUnavailable.Reason.READ_ONLY,
          "the database takes no changes (it is read-only); make it writable again");
    }
    if (failure instanceof JDBCConnectionException || unreachable(e)) {
      return gone(failure);
    }
    return failure;
  }

  /** Error 1290 is said of other options too. */
  static boolean readOnly(SQLException e) {
    return READ_ONLY.contains(e.getErrorCode())
        && (e.getErrorCode() != 1290
            || String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT).contains("read-only"));
  }

  private static DatabaseUnavailable gone(RuntimeException failure) {
    return new DatabaseUnavailable(
        "the database cannot be reached; see millrace.database.url, and whether its server runs",
        failure);
  }

  private static boolean unreachable(SQLException e) {
    String state = e.getSQLState();
    return e instanceof SQLTransientConnectionException
        || e instanceof SQLNonTransientConnectionException
        || e instanceof SQLRecoverableException
        || (state != null && state.startsWith("08"))
        || H2_GONE.contains(e.getErrorCode());
  }

  /** The word of the key that the database's message names; "id" for a primary key. */
  static String key(@Nullable String message) {
    Matcher matcher =
        KEY.matcher(message == null ? "" : withoutValues(message.toLowerCase(Locale.ROOT)));
    return matcher.find() ? matcher.group(1) : "id";
  }

  /**
   * MariaDB: {@code duplicate entry 'VALUE' for key 'NAME'}; H2: {@code "NAME ON TABLE(COLUMN)
   * VALUES …"}.
   */
  private static String withoutValues(String message) {
    int key = message.lastIndexOf(" for key ");
    if (key >= 0 && message.contains("duplicate entry")) {
      return message.substring(key);
    }
    int on = message.indexOf(" on ");
    return on >= 0 ? message.substring(0, on) : message;
  }

  private static Optional<SQLException> sql(Throwable failure) {
    Throwable at = failure;
    for (int depth = 0; at != null && depth < 20; depth++, at = at.getCause()) {
      if (at instanceof SQLException e) {
        return Optional.of(e);
      }
    }
    return Optional.empty();
  }
}
