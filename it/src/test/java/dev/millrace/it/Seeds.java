package dev.millrace.it;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;

/** Further rows for the H2 database of an installation that is stopped: quicker than requests. */
final class Seeds implements AutoCloseable {
  private final Connection database;

  private Seeds(Connection database) {
    this.database = database;
  }

  static Seeds in(Path data) throws IOException, SQLException {
    try (Stream<Path> files = Files.walk(data)) {
      String file =
          files
              .map(Path::toString)
              .filter(f -> f.endsWith("millrace.mv.db"))
              .findFirst()
              .orElseThrow();
      Connection database =
          DriverManager.getConnection("jdbc:h2:" + file.replace(".mv.db", ""), "sa", "");
      database.setAutoCommit(false);
      return new Seeds(database);
    }
  }

  static byte[] bytes(UUID id) {
    return ByteBuffer.allocate(16)
        .putLong(id.getMostSignificantBits())
        .putLong(id.getLeastSignificantBits())
        .array();
  }

  void change(String sql, Object... values) throws SQLException {
    try (PreparedStatement statement = database.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      statement.executeUpdate();
    }
  }

  UUID id(String sql) throws SQLException {
    try (PreparedStatement statement = database.prepareStatement(sql);
        ResultSet rows = statement.executeQuery()) {
      rows.next();
      ByteBuffer bytes = ByteBuffer.wrap(rows.getBytes(1));
      return new UUID(bytes.getLong(), bytes.getLong());
    }
  }

  /** A copy of a row under another id; {@code others} are further columns that differ. */
  void copy(String table, UUID from, UUID to, Map<String, Object> others) throws SQLException {
    Map<String, Object> given = new LinkedHashMap<>(others);
    given.put("id", bytes(to));
    List<String> columns = columns(table);
    List<String> select = new ArrayList<>();
    List<Object> values = new ArrayList<>();
    for (String column : columns) {
      if (!given.containsKey(column)) {
        select.add(column);
      } else if (given.get(column).equals("null")) {
        select.add("null");
      } else {
        select.add("?");
        values.add(given.get(column));
      }
    }
    values.add(bytes(from));
    change(
        "insert into "
            + table
            + " ("
            + String.join(", ", columns)
            + ") select "
            + String.join(", ", select)
            + " from "
            + table
            + " where id = ?",
        values.toArray());
  }

  /**
   * As many copies of that execution; in their specs {@code was} is replaced by {@code is}.
   *
   * @param others columns that differ
   */
  void executions(UUID like, int many, Map<String, Object> others, List<String[]> replaced)
      throws SQLException {
    for (int i = 1; i <= many; i++) {
      UUID id = UUID.randomUUID();
      Map<String, Object> given = new LinkedHashMap<>(others);
      given.put("counter", 100_000 + (int) (next++));
      copy("execution", like, id, given);
      String spec = "spec";
      List<Object> values = new ArrayList<>(List.of(bytes(id)));
      for (String[] one : replaced) {
        spec = "replace(" + spec + ", ?, ?)";
        values.add(one[0]);
        values.add(one[1]);
      }
      values.add(bytes(like));
      change(
          "insert into execution_spec (execution_id, spec) select ?, "
              + spec
              + " from execution_spec where execution_id = ?",
          values.toArray());
    }
  }

  private long next = 1;
  private final Map<String, List<String>> known = new LinkedHashMap<>();

  private List<String> columns(String table) throws SQLException {
    List<String> columns = known.get(table);
    if (columns == null) {
      columns = new ArrayList<>();
      try (PreparedStatement statement =
          database.prepareStatement(
              "select lower(column_name) from information_schema.columns"
                  + " where lower(table_name) = ? and is_generated = 'NEVER'")) {
        statement.setString(1, table);
        try (ResultSet rows = statement.executeQuery()) {
          while (rows.next()) {
            columns.add(rows.getString(1));
          }
        }
      }
      known.put(table, columns);
    }
    return columns;
  }

  @Override
  public void close() throws SQLException {
    database.commit();
    // Without it the file stays locked: the installation's settings keep a database open.
    change("shutdown");
    database.close();
  }
}
