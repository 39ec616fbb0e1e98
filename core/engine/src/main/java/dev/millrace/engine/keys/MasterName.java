package dev.millrace.engine.keys;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/** Tells the masters on one database apart: a name in the data folder, made at the first start. */
public final class MasterName {
  private static final String FILE = "master.name";

  private MasterName() {}

  /** The name in that data folder; the same for as long as the folder lasts. */
  public static String of(Path data) {
    Path file = data.resolve(FILE);
    try {
      if (!Files.exists(file)) {
        make(data, file);
      }
      return UUID.fromString(Files.readString(file).strip()).toString();
    } catch (IllegalArgumentException e) {
      throw new IllegalStateException(
          file + " holds no name; remove it, and the master makes another one", e);
    } catch (IOException e) {
      throw new UncheckedIOException("the master's name in " + file + " cannot be read", e);
    }
  }

  private static void make(Path data, Path file) throws IOException {
    Files.createDirectories(data);
    Path fresh = data.resolve(FILE + "." + UUID.randomUUID());
    PrivateFile.write(fresh, UUID.randomUUID() + "\n");
    try {
      PrivateFile.link(fresh, file);
    } catch (FileAlreadyExistsException e) {
      // Another start was quicker.
    } finally {
      Files.deleteIfExists(fresh);
    }
  }
}
