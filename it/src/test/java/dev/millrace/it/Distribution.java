package dev.millrace.it;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * An installation of its own: the shipped archive, unpacked, started on a free port of loopback.
 */
final class Distribution implements AutoCloseable {
  static final Duration BOOT = Duration.ofSeconds(120);

  private final Path folder;
  private final int port;
  private final Map<String, String> environment = new HashMap<>();
  private Optional<Process> master = Optional.empty();

  private Distribution(Path folder, int port, Map<String, String> settings) {
    this.folder = folder;
    this.port = port;
    environment.put("MILLRACE_DATA", data().toString());
    environment.put("MILLRACE_HTTP_PORT", Integer.toString(port));
    environment.put("MILLRACE_HTTP_HOST", "127.0.0.1");
    environment.put("MILLRACE_BOOT_SECONDS", Long.toString(BOOT.toSeconds()));
    // Runs are processes unless a test names an engine.
    environment.put("DOCKER_HOST", "unix:///nonexistent/docker.sock");
    environment.putAll(settings);
  }

  /** Unpacks and starts; {@code settings} are further {@code MILLRACE_…} variables. */
  static Distribution start(Map<String, String> settings) {
    Distribution distribution = unpack(settings);
    distribution.boot();
    return distribution;
  }

  /** Unpacks without starting. */
  static Distribution unpack(Map<String, String> settings) {
    return unpack(archive(), settings);
  }

  /** Unpacks another archive than that of this checkout. */
  static Distribution unpack(Path archive, Map<String, String> settings) {
    try {
      Path folder = Files.createTempDirectory("millrace-it");
      Distribution distribution = new Distribution(folder, freePort(), settings);
      distribution.install(archive);
      return distribution;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Puts that archive in the place of what is installed. The data stay; no master may run. */
  void install(Path archive) {
    Machine.run(
            folder,
            List.of(
                "sh",
                "-c",
                "rm -rf home && mkdir home && tar -xzf \"$0\" -C home --strip-components=1",
                archive.toString()))
        .expectSuccess();
  }

  /** The archive that this checkout has built. */
  static Path archive() {
    String version = System.getProperty("millrace.version", "0.1.0");
    return Machine.repository().resolve("assembly/target/millrace-" + version + ".tar.gz");
  }

  static int freePort() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path home() {
    return folder.resolve("home");
  }

  Path data() {
    return folder.resolve("data");
  }

  Path folder() {
    return folder;
  }

  Path log() {
    return folder.resolve("master.log");
  }

  String address() {
    return (environment.containsKey("MILLRACE_TLS_CERT") ? "https" : "http")
        + "://127.0.0.1:"
        + port;
  }

  Map<String, String> environment() {
    return Map.copyOf(environment);
  }

  void set(String name, String value) {
    environment.put(name, value);
  }

  long pid() {
    return master.orElseThrow().pid();
  }

  /** The process of this installation's local worker. */
  long worker() {
    return Machine.await(
        "the worker",
        BOOT,
        () -> {
          List<Long> now =
              Machine.processesNaming(data() + "/onprem/nodes/").stream()
                  .filter(pid -> Machine.file(pid, "cmdline").contains("WorkerMain"))
                  .toList();
          return now.size() == 1 ? Optional.of(now.get(0)) : Optional.empty();
        });
  }

  /** Starts the master in the foreground of a child process and waits until it is ready. */
  void boot() {
    boot("/ready", 200);
  }

  /** Starts it where stores are away on purpose, so that it is never ready: its API answers. */
  void bootWithoutStores() {
    boot("/api/v0/users/me/", 401);
  }

  private void boot(String path, int status) {
    try {
      ProcessBuilder builder = new ProcessBuilder(home().resolve("bin/millrace").toString(), "run");
      builder.environment().putAll(environment);
      builder
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()));
      Process process = builder.start();
      master = Optional.of(process);
      Machine.await(
          "readiness of the master (its log is " + log() + ")",
          BOOT,
          () -> {
            if (!process.isAlive()) {
              throw new AssertionError("the master ended: " + Files.readString(log()));
            }
            return status(path) == status ? Optional.of(true) : Optional.empty();
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What is answered there; 0 while nobody answers. */
  private int status(String path) {
    try {
      var asked = (HttpURLConnection) URI.create(address() + path).toURL().openConnection();
      asked.setConnectTimeout(5_000);
      asked.setReadTimeout(30_000);
      return asked.getResponseCode();
    } catch (IOException e) {
      return 0;
    }
  }

  /** The administrator of the first start. */
  Api admin() {
    try {
      JsonNode admin = Api.JSON.readTree(data().resolve("initial-admin.json").toFile());
      return new Api(address(), Optional.of(admin.get("token").asText()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A new user who has a token and no password: to hash one takes a second of a processor. */
  Api user(String name) {
    return user(Map.of("username", name));
  }

  /** A new user who logs in by {@link #password}, too. */
  Api userWithPassword(String name) {
    return user(Map.of("username", name, "password", password(name)));
  }

  private Api user(Map<String, String> facts) {
    JsonNode user = admin().post("/api/v0/users/", facts).expectSuccess();
    JsonNode token =
        admin()
            .post("/api/v0/tokens/", Map.of("user", user.get("id").asInt(), "name", "it"))
            .expectSuccess();
    return new Api(address(), Optional.of(token.get("token").asText()));
  }

  static String password(String user) {
    return "a long enough password of " + user;
  }

  Machine.Result millrace(String... arguments) {
    List<String> command =
        new java.util.ArrayList<>(List.of(home().resolve("bin/millrace").toString()));
    command.addAll(List.of(arguments));
    return Machine.run(folder, environment, Duration.ofMinutes(2), command);
  }

  void kill() {
    master.ifPresent(
        process -> {
          process.descendants().forEach(ProcessHandle::destroyForcibly);
          process.destroyForcibly();
          waitFor(process);
        });
  }

  /** SIGKILL to the master alone: its local workers and their runs go on. */
  void killMaster() {
    master.ifPresent(
        process -> {
          process.destroyForcibly();
          waitFor(process);
        });
  }

  /** Stops everything, local workers and their runs included. */
  @Override
  public void close() {
    if (master.map(Process::isAlive).orElse(false)) {
      millrace("stop", "--all");
      master.ifPresent(Distribution::waitFor);
    }
  }

  private static void waitFor(Process process) {
    try {
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
