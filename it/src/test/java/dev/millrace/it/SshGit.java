package dev.millrace.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A real OpenSSH server on loopback, with a host key and a list of allowed keys of its own. */
final class SshGit implements AutoCloseable {
  private final Path folder;
  private final int port;
  private Optional<Process> process = Optional.empty();

  private SshGit(Path folder, int port) {
    this.folder = folder;
    this.port = port;
  }

  static SshGit start() throws IOException {
    Machine.require(
        Files.isExecutable(Path.of("/usr/sbin/sshd")) && Machine.has("ssh-keygen"),
        "sshd and ssh-keygen (package openssh-server)");
    SshGit server = new SshGit(Files.createTempDirectory("it-ssh"), Distribution.freePort());
    if (Machine.isRoot()) {
      // Where sshd looks for an empty folder; its package makes it when the service starts.
      Files.createDirectories(Path.of("/run/sshd"));
    }
    server.newHostKey();
    Files.writeString(server.folder.resolve("authorized_keys"), "");
    server.serve();
    return server;
  }

  /** Makes a new host key, which is shown after the next {@link #serve}. */
  void newHostKey() throws IOException {
    Files.deleteIfExists(folder.resolve("host"));
    Files.deleteIfExists(folder.resolve("host.pub"));
    Machine.run(folder, List.of("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "host"))
        .expectSuccess();
  }

  /** Starts, also again after {@link #close}. */
  void serve() {
    try {
      Path config =
          Files.writeString(
              folder.resolve("sshd_config"),
              """
              ListenAddress 127.0.0.1
              Port %d
              HostKey %s/host
              AuthorizedKeysFile %s/authorized_keys
              PidFile none
              UsePAM no
              StrictModes no
              PasswordAuthentication no
              KbdInteractiveAuthentication no
              PermitRootLogin prohibit-password
              """
                  .formatted(port, folder, folder));
      Process started =
          new ProcessBuilder("/usr/sbin/sshd", "-D", "-e", "-f", config.toString())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("log").toFile()))
              .start();
      process = Optional.of(started);
      awaitPort(port, started, folder.resolve("log"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void awaitPort(int port, Process process, Path log) {
    Machine.await(
        "a server on port " + port,
        Duration.ofSeconds(60),
        () -> {
          if (!process.isAlive()) {
            throw new AssertionError("the server ended: " + Files.readString(log));
          }
          try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return Optional.of(socket.isConnected());
          }
        });
  }

  /** Lets the holder of that key in. */
  void authorize(String publicKey) throws IOException {
    Files.writeString(folder.resolve("authorized_keys"), publicKey + "\n");
  }

  /** The host key as {@code known_hosts} and {@code ssh-keyscan} have it. */
  String knownHost() throws IOException {
    String[] words = Files.readString(folder.resolve("host.pub")).split("\\s+", -1);
    return "[127.0.0.1]:" + port + " " + words[0] + " " + words[1];
  }

  /** Its fingerprint as {@code ssh-keygen -l} prints it. */
  String fingerprint() {
    return Machine.run(folder, List.of("ssh-keygen", "-l", "-f", "host.pub"))
        .expectSuccess()
        .split(" ", -1)[1];
  }

  String url(Path repository) {
    return "ssh://" + System.getProperty("user.name") + "@127.0.0.1:" + port + repository;
  }

  @Override
  public void close() {
    process.ifPresent(HttpsGit::end);
  }
}
