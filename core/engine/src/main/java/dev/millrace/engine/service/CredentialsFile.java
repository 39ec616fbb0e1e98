package dev.millrace.engine.service;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.keys.PrivateFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

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
      PrivateFile.write(
          unfinished, json.writerWithDefaultPrettyPrinter().writeValueAsString(values) + "\n");
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
      PrivateFile.rename(unfinished, file);
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
