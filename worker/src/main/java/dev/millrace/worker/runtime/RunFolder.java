package dev.millrace.worker.runtime;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/** The folder of one run: {@code work} is what user code sees at /valohai, the rest is ours. */
public record RunFolder(Path root) {
  private static final Set<PosixFilePermission> PRIVATE =
      PosixFilePermissions.fromString("rw-------");
  private static final int MOST_TEXT = 4_096;

  /** What user code sees at /valohai. */
  public Path work() {
    return root.resolve("work");
  }

  /** The unpacked code. */
  public Path repository() {
    return work().resolve("repository");
  }

  /** One folder for each input. */
  public Path inputs() {
    return work().resolve("inputs");
  }

  /** What will be uploaded. */
  public Path outputs() {
    return work().resolve("outputs");
  }

  /** The home of user code. */
  public Path home() {
    return work().resolve(".home");
  }

  /** What user code sees at /tmp. */
  public Path tmp() {
    return state().resolve("tmp");
  }

  /** What user code sees at /var/tmp. */
  public Path varTmp() {
    return state().resolve("var-tmp");
  }

  /** The JSON and YAML twins. */
  public Path config() {
    return work().resolve("config");
  }

  /** The generated scripts. */
  public Path tools() {
    return work().resolve(".millrace");
  }

  /** The supervisor's notes: pid, exit, stopping. */
  public Path state() {
    return root.resolve("state");
  }

  /** The raw streams and their times. */
  public Path logs() {
    return root.resolve("log");
  }

  /** Makes the folders; the outermost is the worker's alone. */
  public void create() throws IOException {
    Files.createDirectories(root);
    Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwx------"));
    for (Path folder :
        new Path[] {
          work(), repository(), inputs(), outputs(), home(), config(), tools(), state(), logs()
        }) {
      Files.createDirectories(folder);
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    for (Path tmp : new Path[] {tmp(), varTmp()}) {
      Files.createDirectories(tmp);
      Files.setPosixFilePermissions(tmp, PosixFilePermissions.fromString("rwxrwxrwx"));
    }
  }

  /** Tells what user code starts next that it is too late; may be called twice. */
  public void markStopping() throws IOException {
    Handles.mark(root, tools().resolve("stopping"), "stop");
  }

  /** Writes a file of mode 0600 whole or not at all. */
  public static void writePrivate(Path file, byte[] bytes) throws IOException {
    Path next = file.resolveSibling(file.getFileName() + ".tmp");
    Files.deleteIfExists(next);
    Files.createFile(next, PosixFilePermissions.asFileAttribute(PRIVATE));
    Files.write(next, bytes, StandardOpenOption.WRITE, StandardOpenOption.SYNC);
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /**
   * The first bytes of a file as text, or empty when no file is there. User code may have made it
   * as long as it likes, and no link is followed.
   */
  public static Optional<String> text(Path file) throws IOException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.empty();
    }
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.of(new String(in.readNBytes(MOST_TEXT), StandardCharsets.UTF_8));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }
}
