package dev.millrace.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A MariaDB server with an empty database for a master: private folder, free port of loopback. */
record MariaDb(Process process, Path home, int port) implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(120);
  private static final String PASSWORD = "only-on-loopback";

  static MariaDb start() {
    Machine.require(
        Machine.has("mariadbd") || Files.isExecutable(Path.of("/usr/sbin/mariadbd")),
        "mariadb-server");
    try {
      // The path of a socket may have some 100 characters only, and the server's own user must
      // reach the folder.
      Path home = Files.createTempDirectory(Path.of("/tmp"), "mr-db");
      List<String> user = new ArrayList<>();
      if (Machine.isRoot()) {
        user.add("--user=mysql");
        Files.setOwner(
            home,
            home.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("mysql"));
      }
      Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwx------"));
      Files.writeString(
          home.resolve("init.sql"),
          "CREATE DATABASE millrace;\n"
              + ("CREATE USER 'millrace'@'%' IDENTIFIED BY '" + PASSWORD + "';\n")
              + "GRANT ALL ON millrace.* TO 'millrace'@'%';\n");
      Files.writeString(home.resolve("password"), PASSWORD);
      List<String> install = command("mariadb-install-db", user, "--datadir=" + home + "/data");
      install.add("--skip-test-db");
      Machine.run(home, install).expectSuccess();
      int port = Distribution.freePort();
      List<String> serve = command("mariadbd", user, "--datadir=" + home + "/data");
      serve.addAll(
          List.of(
              "--socket=" + home.resolve("s"),
              "--pid-file=" + home.resolve("pid"),
              "--bind-address=127.0.0.1",
              "--port=" + port,
              "--init-file=" + home.resolve("init.sql"),
              "--skip-name-resolve",
              "--innodb-buffer-pool-size=64M"));
      Process process =
          new ProcessBuilder(serve)
              .redirectErrorStream(true)
              .redirectOutput(home.resolve("log").toFile())
              .start();
      MariaDb server = new MariaDb(process, home, port);
      Machine.await("an answer of MariaDB", LIMIT, server::answers);
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> command(String program, List<String> user, String data) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "sh", "-c", "PATH=$PATH:/usr/sbin exec \"$0\" \"$@\"", program, "--no-defaults"));
    command.addAll(user);
    command.add(data);
    return command;
  }

  /** It listens once its first statements are done. */
  private Optional<Boolean> answers() throws IOException {
    if (!process.isAlive()) {
      throw new AssertionError("MariaDB ended: " + Files.readString(home.resolve("log")));
    }
    try (Socket socket = new Socket("127.0.0.1", port)) {
      return socket.getInputStream().read() < 0 ? Optional.empty() : Optional.of(true);
    }
  }

  /** What a master must be told. */
  Map<String, String> settings() {
    return Map.of(
        "MILLRACE_DATABASE_URL",
        "jdbc:mariadb://127.0.0.1:" + port + "/millrace",
        "MILLRACE_DATABASE_USER",
        "millrace",
        "MILLRACE_DATABASE_PASSWORD_FILE",
        home.resolve("password").toString());
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(30, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Machine.run(Path.of("/"), List.of("rm", "-rf", home.toString())).expectSuccess();
  }
}
