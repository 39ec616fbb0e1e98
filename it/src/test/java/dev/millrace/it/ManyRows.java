package dev.millrace.it;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;

/**
 * Multiplies what a stopped installation has in its H2 file: copies of one execution with long
 * specs, of one output with long metadata, and of the audit.
 */
final class ManyRows implements AutoCloseable {
  private final Connection connection;

  ManyRows(Path data) throws SQLException {
    connection =
        DriverManager.getConnection("jdbc:h2:async:" + data.resolve("database/millrace"), "sa", "");
    connection.setAutoCommit(false);
  }

  /**
   * {@code count} executions, spread over the projects; each hundredth has a spec of {@code
   * longest} characters, the others of {@code usual}.
   */
  void executions(String template, List<String> projects, int count, int usual, int longest)
      throws SQLException, IOException {
    run(
        "create local temporary table seed (n int primary key, id binary(16), project_id binary(16), counter int)");
    int[] counters = new int[projects.size()];
    try (PreparedStatement insert =
        connection.prepareStatement(
            "insert into seed (n, id, project_id, counter) values (?, ?, ?, ?)")) {
      for (int n = 1; n <= count; n++) {
        // The first project has half of all.
        int project = n % 2 == 0 ? 0 : n % projects.size();
        insert.setInt(1, n);
        insert.setBytes(2, bytes(UUID.randomUUID()));
        insert.setBytes(3, bytes(UUID.fromString(projects.get(project))));
        insert.setInt(4, 1_000 + ++counters[project]);
        insert.addBatch();
      }
      insert.executeBatch();
    }
    if (count("execution where log_store_id is not null and id = X'" + hex(template) + "'") != 1) {
      throw new AssertionError("the log of the execution to copy is not sealed");
    }
    String kept = columns("execution", List.of("ID", "PROJECT_ID", "COUNTER", "CREATED_AT"));
    run(
        "insert into execution (id, project_id, counter, created_at, "
            + kept
            + ") select s.id, s.project_id, s.counter, e.created_at + s.n * 1000, "
            + prefixed(kept)
            + " from seed s join execution e on e.id = X'"
            + hex(template)
            + "'");
    String spec =
        text("select spec from execution_spec where execution_id = X'" + hex(template) + "'");
    specs(spec, usual, "mod(n, 100) <> 0");
    specs(spec, longest, "mod(n, 100) = 0");
    run("update project set execution_counter = 1000000");
    connection.commit();
  }

  private void specs(String template, int characters, String which)
      throws SQLException, IOException {
    ObjectNode spec = (ObjectNode) Api.JSON.readTree(template);
    spec.putArray("commands").add("true " + "x".repeat(characters));
    try (PreparedStatement insert =
        connection.prepareStatement(
            "insert into execution_spec (execution_id, spec) select id, ? from seed where "
                + which)) {
      insert.setString(1, spec.toString());
      insert.executeUpdate();
    }
    connection.commit();
  }

  /** {@code count} copies of an output, with metadata of {@code characters}. */
  void data(String template, int count, int characters) throws SQLException {
    String kept = columns("datum", List.of("ID", "NAME", "CREATED_AT", "METADATA_JSON"));
    String metadata = "{\"text\":\"" + "y".repeat(characters) + "\"}";
    run(
        "insert into datum (id, name, created_at, metadata_json, "
            + kept
            + ") select cast(random_uuid() as binary(16)), 'file-' || s.x, e.created_at + s.x, '"
            + metadata
            + "', "
            + prefixed(kept)
            + " from system_range(1, "
            + count
            + ") s join datum e on e.id = X'"
            + hex(template)
            + "'");
    connection.commit();
  }

  /** {@code times} copies of the whole audit. */
  void audit(int times) throws SQLException {
    String kept = columns("audit_entry", List.of("ID"));
    run(
        "insert into audit_entry (id, "
            + kept
            + ") select cast(random_uuid() as binary(16)), "
            + prefixed(kept)
            + " from system_range(1, "
            + times
            + ") s cross join (select * from audit_entry limit 50) e");
    connection.commit();
  }

  @Override
  public void close() throws SQLException {
    run("shutdown");
    connection.close();
  }

  private int count(String rows) throws SQLException {
    return Integer.parseInt(text("select count(*) from " + rows));
  }

  private void run(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private String columns(String table, List<String> without) throws SQLException {
    List<String> names = new ArrayList<>();
    try (ResultSet columns =
        connection.getMetaData().getColumns(null, null, table.toUpperCase(Locale.ROOT), null)) {
      while (columns.next()) {
        String name = columns.getString("COLUMN_NAME");
        if (!without.contains(name)) {
          names.add(name.toLowerCase(Locale.ROOT));
        }
      }
    }
    return String.join(", ", names);
  }

  private static String prefixed(String columns) {
    return "e." + columns.replace(", ", ", e.");
  }

  private String text(String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      if (!rows.next()) {
        throw new AssertionError("no row: " + sql);
      }
      return rows.getString(1);
    }
  }

  private static byte[] bytes(UUID id) {
    return ByteBuffer.allocate(16)
        .putLong(id.getMostSignificantBits())
        .putLong(id.getLeastSignificantBits())
        .array();
  }

  private static String hex(String id) {
    return id.replace("-", "");
  }
}
