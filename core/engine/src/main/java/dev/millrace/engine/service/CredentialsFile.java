package dev.millrace.engine.service;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.engine.domain.Secret;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A file of mode 0600 with one user's name, password and token, that appears whole or not at all.
 */
final class CredentialsFile {
  private final Path file;
  private final Path unfinished;
  private final ObjectMapper json = new ObjectMapper();

  CredentialsFile(Path file) {
    this.file = file;
    this.unfinished = file.resolveSibling(file.getFileName() + ".new");
  }

  Path path() {
    return file;
  }

  /** Writes the credentials under the other name. */
  void prepare(String username, Secret password, Secret token) {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("username", username);
    values.put("password", password.reveal());
    values.put("token", token.reveal());
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      Files.deleteIfExists(unfinished);
      byte[] text =
          (json.writerWithDefaultPrettyPrinter().writeValueAsString(values) + "\n")
              .getBytes(StandardCharsets.UTF_8);
      try (FileChannel out =
          FileChannel.open(
              unfinished,
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
        ByteBuffer bytes = ByteBuffer.wrap(text);
        while (bytes.hasRemaining()) {
          out.write(bytes);
        }
        out.force(true);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + unfinished + "; is the folder writable?", e);
    }
  }

  /** The token in a file that an interrupted start left; one that cannot be read counts as none. */
  Optional<Secret> unfinished() {
    if (!Files.exists(unfinished)) {
      return Optional.empty();
    }
    try {
      JsonNode token = json.readTree(unfinished.toFile()).path("token");
      return Optional.of(Secret.of(token.asText("")));
    } catch (IOException e) {
      return Optional.of(Secret.of(""));
    }
  }

  /** Gives the file its name. */
  void publish() {
    try {
      Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file + "; is the folder writable?", e);
    }
  }

  void discard() {
    try {
      Files.deleteIfExists(unfinished);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove " + unfinished, e);
    }
  }
}
