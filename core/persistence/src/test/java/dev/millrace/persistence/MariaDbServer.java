package dev.millrace.persistence;

import dev.millrace.engine.domain.Secret;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * A MariaDB server of its own: private folder, free port on the loopback address, ended by its
 * process.
 */
final class MariaDbServer implements AutoCloseable {
  private static final String PASSWORD = "only-on-loopback";
  private static final Duration DEADLINE = Duration.ofSeconds(120);

  private final Process process;
  private final int port;

  private MariaDbServer(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /** Skips the test where no server is installed, but fails it under CI. */
  static void assumeInstalled() {
    if (program("mariadbd").isEmpty()) {
      String reason = "mariadbd is not installed (Debian and Ubuntu: apt install mariadb-server)";
      if ("true".equals(System.getenv("CI"))) {
        Assertions.fail(reason);
      }
      Assumptions.abort(reason);
    }
  }

  static MariaDbServer start(Path folder) throws IOException, InterruptedException {
    // The path of a socket may have some 100 characters only, and the server's own user must reach
    // the folder.
    Path home = Files.createTempDirectory(Path.of("/tmp"), "mr-db");
    boolean root = "root".equals(System.getProperty("user.name"));
    List<String> user = root ? List.of("--user=mysql") : List.of();
    if (root) {
      UserPrincipal mysql =
          home.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("mysql");
      Files.setOwner(home, mysql);
    }
    Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwx------"));
    Path init = home.resolve("init.sql");
    Files.writeString(
        init,
        "CREATE DATABASE IF NOT EXISTS millrace;\n"
            + ("CREATE USER IF NOT EXISTS 'millrace'@'%' IDENTIFIED BY '" + PASSWORD + "';\n")
            + "GRANT ALL ON millrace.* TO 'millrace'@'%';\n"
            + ("CREATE USER IF NOT EXISTS 'operator'@'%' IDENTIFIED BY '" + PASSWORD + "';\n")
            + "GRANT ALL ON *.* TO 'operator'@'%';\n");
    Path log = folder.resolve("mariadb.log");
    List<String> install = new ArrayList<>();
    install.add(program("mariadb-install-db").orElseThrow());
    install.add("--no-defaults");
    install.addAll(user);
    install.addAll(List.of("--datadir=" + home.resolve("data"), "--skip-test-db"));
    run(install, log);
    int port = freePort();
    List<String> serve = new ArrayList<>();
    serve.add(program("mariadbd").orElseThrow());
    serve.add("--no-defaults");
    serve.addAll(user);
    serve.addAll(
        List.of(
            "--datadir=" + home.resolve("data"),
            "--socket=" + home.resolve("s"),
            "--pid-file=" + home.resolve("pid"),
            "--bind-address=127.0.0.1",
            "--port=" + port,
            "--init-file=" + init,
            "--skip-name-resolve",
            "--innodb-buffer-pool-size=64M"));
    Process process =
        new ProcessBuilder(serve)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    MariaDbServer server = new MariaDbServer(process, port);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(process, home)));
    server.awaitAnswer(log);
    return server;
  }

  DatabaseAddress address() {
    return DatabaseAddress.mariaDb(url(), "millrace", Secret.of(PASSWORD));
  }

  String url() {
    return "jdbc:mariadb://127.0.0.1:" + port + "/millrace";
  }

  /** Whether it refuses changes. */
  void readOnly(boolean on) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url(), "operator", PASSWORD);
        Statement statement = connection.createStatement()) {
      statement.execute("set global read_only = " + (on ? 1 : 0));
    }
  }

  /** Stops the server's process in its tracks; its connections hang. */
  void freeze() throws IOException, InterruptedException {
    signal("STOP");
  }

  void thaw() throws IOException, InterruptedException {
    signal("CONT");
  }

  @Override
  public void close() {
    process.destroy();
  }

  private void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
  }

  private void awaitAnswer(Path log) throws IOException {
    long start = System.nanoTime();
    while (process.isAlive() && System.nanoTime() - start < DEADLINE.toNanos()) {
      try {
        DriverManager.getConnection(url(), "millrace", PASSWORD).close();
        return;
      } catch (SQLException e) {
        LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
      }
    }
    throw new IOException("MariaDB does not answer; its log: " + Files.readString(log));
  }

  private static void end(Process process, Path home) {
    try {
      process.destroy();
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
      }
      try (Stream<Path> files = Files.walk(home)) {
        for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void run(List<String> command, Path log) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    if (!process.waitFor(DEADLINE.toSeconds(), TimeUnit.SECONDS) || process.exitValue() != 0) {
      process.destroyForcibly();
      throw new IOException(command.get(0) + " failed: " + Files.readString(log));
    }
  }

  private static Optional<String> program(String name) {
    return Stream.of("/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin")
        .map(folder -> Path.of(folder, name))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
