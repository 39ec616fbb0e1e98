package dev.millrace.worker.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes what user code reads below /valohai/config: each file as JSON and as YAML. */
final class ConfigFiles {
  private final Path folder;
  private final ObjectMapper json;

  ConfigFiles(Path folder, ObjectMapper json) {
    this.folder = folder;
    this.json = json;
  }

  /** Writes one pair; {@code name} ends in {@code .json}. */
  void write(String name, JsonNode value) throws IOException {
    if (!name.matches("[A-Za-z0-9_-]+\\.json")) {
      throw new IOException("the assignment has a config file of a strange name");
    }
    Files.write(
        folder.resolve(name), json.writerWithDefaultPrettyPrinter().writeValueAsBytes(value));
    String twin = name.substring(0, name.length() - ".json".length()) + ".yaml";
    Files.write(folder.resolve(twin), YamlText.of(value).getBytes(StandardCharsets.UTF_8));
  }

  /** An empty object to fill. */
  ObjectNode object() {
    return json.createObjectNode();
  }
}
