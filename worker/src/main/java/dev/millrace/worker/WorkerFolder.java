package dev.millrace.worker;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.worker.runtime.RunFolder;
import dev.millrace.worker.wire.Secret;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The folder of a worker: who it is, its runs, its cached inputs. One worker at a time. */
final class WorkerFolder implements Closeable {

  /** What a worker remembers of its registration; the credential is a file of its own. */
  record Identity(
      String nonce,
      @Nullable String workerId,
      @Nullable String group,
      long beatSeconds,
      long pollSeconds) {}

  /** Another worker uses the folder. */
  static final class InUseException extends IOException {
    private static final long serialVersionUID = 1L;

    InUseException(Path folder) {
      super("another worker uses " + folder + "; stop it or choose another --dir");
    }
  }

  private final Path root;
  private final ObjectMapper json;
  private final FileChannel lock;

  private WorkerFolder(Path root, ObjectMapper json, FileChannel lock) {
    this.root = root;
    this.json = json;
    this.lock = lock;
  }

  /** Opens and locks the folder, making it where it is missing. */
  @SuppressWarnings(
      "StreamResourceLeak") // The channel is the lock: it lives as long as the folder.
  static WorkerFolder open(Path root, ObjectMapper json) throws IOException {
    Files.createDirectories(root);
    Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwx--x--x"));
    FileChannel channel =
        FileChannel.open(root.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock held = channel.tryLock();
    if (held == null) {
      channel.close();
      throw new InUseException(root);
    }
    channel.truncate(0);
    channel.write(
        java.nio.ByteBuffer.wrap(
            Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.UTF_8)));
    WorkerFolder folder = new WorkerFolder(root, json, channel);
    Files.createDirectories(folder.runs());
    Files.setPosixFilePermissions(folder.runs(), PosixFilePermissions.fromString("rwx--x--x"));
    Files.createDirectories(folder.cache());
    Files.setPosixFilePermissions(folder.cache(), PosixFilePermissions.fromString("rwx------"));
    return folder;
  }

  /** The process that holds the folder, as it wrote it down. */
  static Optional<Long> holder(Path root) throws IOException {
    return RunFolder.text(root.resolve("lock"))
        .map(String::strip)
        .filter(t -> t.matches("\\d+"))
        .map(Long::valueOf);
  }

  Path root() {
    return root;
  }

  Path runs() {
    return root.resolve("runs");
  }

  Path cache() {
    return root.resolve("cache");
  }

  Path trash() {
    return root.resolve("trash");
  }

  Path releases() {
    return root.resolve("releases");
  }

  /** Folders of runs that an earlier worker left. */
  List<Path> leftRuns() throws IOException {
    try (Stream<Path> folders = Files.list(runs())) {
      return folders.filter(Files::isDirectory).sorted().toList();
    }
  }

  /** Who this worker is; a new nonce is kept before anybody hears it. */
  Identity identity() throws IOException {
    Path file = root.resolve("identity.json");
    if (Files.exists(file)) {
      return json.readValue(Files.readAllBytes(file), Identity.class);
    }
    Identity fresh = new Identity(UUID.randomUUID().toString(), null, null, 5, 30);
    save(fresh);
    return fresh;
  }

  void save(Identity identity) throws IOException {
    RunFolder.writePrivate(root.resolve("identity.json"), json.writeValueAsBytes(identity));
  }

  /** The credential of an earlier registration. */
  Optional<Secret> credential() throws IOException {
    return credential(root);
  }

  /** The credential of the worker of a folder that need not be this one's. */
  static Optional<Secret> credential(Path root) throws IOException {
    return RunFolder.text(root.resolve("credential")).map(t -> new Secret(t.strip()));
  }

  void saveCredential(Secret credential) throws IOException {
    RunFolder.writePrivate(
        root.resolve("credential"), credential.reveal().getBytes(StandardCharsets.UTF_8));
  }

  /** The engine that runs of this folder may use. */
  static Optional<String> engine(Path root) throws IOException {
    return RunFolder.text(root.resolve("engine")).map(String::strip);
  }

  void saveEngine(String address) throws IOException {
    Files.writeString(root.resolve("engine"), address + "\n");
  }

  @Override
  public void close() throws IOException {
    lock.close();
  }
}
