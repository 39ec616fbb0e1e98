package dev.millrace.worker.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** What user code says of its outputs, in files beside them and in valohai.metadata.jsonl. */
final class SidecarMetadata {
  static final String LINES = "valohai.metadata.jsonl";
  private static final String SUFFIX = ".metadata.json";
  private static final int LIMIT = 1 << 20;

  private final OutputTree tree;
  private final Consumer<String> status;
  private final ObjectReader reader =
      JsonMapper.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build()
          .reader();

  SidecarMetadata(OutputTree tree, Consumer<String> status) {
    this.tree = tree;
    this.status = status;
  }

  /** Whether a path is a carrier of metadata and so no output itself. */
  static boolean carrier(String path) {
    return path.equals(LINES) || path.endsWith(SUFFIX);
  }

  /** Properties by path of the output; in conflicts the line wins over the file. */
  Map<String, ObjectNode> read(List<OutputTree.Entry> files) throws IOException {
    Map<String, ObjectNode> found = new HashMap<>();
    Set<String> outputs =
        files.stream()
            .map(OutputTree.Entry::path)
            .filter(p -> !carrier(p))
            .collect(Collectors.toSet());
    for (OutputTree.Entry file : files) {
      String path = file.path();
      if (path.endsWith(SUFFIX) && !path.equals(LINES)) {
        String output = path.substring(0, path.length() - SUFFIX.length());
        if (outputs.contains(output)) {
          sidecar(file, output, found);
        } else {
          status.accept("Metadata file " + path + " is ignored: there is no output of that name.");
        }
      }
    }
    for (OutputTree.Entry file : files) {
      if (file.path().equals(LINES)) {
        lines(file, found);
      }
    }
    return found;
  }

  private void sidecar(OutputTree.Entry file, String output, Map<String, ObjectNode> found)
      throws IOException {
    if (file.size() > LIMIT) {
      status.accept("Metadata file " + file.path() + " is ignored: it is over 1 MiB.");
      return;
    }
    try (InputStream in = Channels.newInputStream(tree.open(file.steps()))) {
      merge(found, output, reader.readTree(in.readNBytes(LIMIT)), file.path());
    } catch (JsonProcessingException e) {
      status.accept("Metadata file " + file.path() + " is ignored: it is not valid JSON.");
    }
  }

  private void lines(OutputTree.Entry file, Map<String, ObjectNode> found) throws IOException {
    long number = 0;
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(
                Channels.newInputStream(tree.open(file.steps())), StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        number++;
        if (line.isBlank()) {
          continue;
        }
        String where = LINES + " line " + number;
        try {
          JsonNode json = line.length() > LIMIT ? null : reader.readTree(line);
          if (json == null || !json.path("file").isTextual()) {
            status.accept(where + " is ignored: it names no file.");
          } else {
            merge(found, json.path("file").asText(), json.path("metadata"), where);
          }
        } catch (JsonProcessingException e) {
          status.accept(where + " is ignored: it is not valid JSON.");
        }
      }
    }
  }

  private void merge(
      Map<String, ObjectNode> found, String output, JsonNode metadata, String where) {
    if (!(metadata instanceof ObjectNode object)) {
      status.accept(where + " is ignored: the metadata is not a JSON object.");
      return;
    }
    ObjectNode known = found.get(output);
    if (known == null) {
      found.put(output, object);
    } else {
      known.setAll(object);
    }
  }
}
