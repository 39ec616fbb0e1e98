package dev.millrace.worker.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.worker.runtime.RunFolder;
import dev.millrace.worker.wire.Assignment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** A run's memory on disk: the assignment without its registry login, and the state. */
final class RunStore {
  private final RunFolder folder;
  private final ObjectMapper json;

  RunStore(RunFolder folder, ObjectMapper json) {
    this.folder = folder;
    this.json = json;
  }

  RunFolder folder() {
    return folder;
  }

  /** Writes what a later worker needs to take up the run. */
  void create(Assignment assignment) throws IOException {
    Files.createDirectories(folder.root());
    Files.setPosixFilePermissions(folder.root(), PosixFilePermissions.fromString("rwx------"));
    ObjectNode text = json.valueToTree(assignment);
    if (text.get("image") instanceof ObjectNode image) {
      image.remove("pull");
    }
    RunFolder.writePrivate(file("assignment.json"), json.writeValueAsBytes(text));
    save(RunState.NEW);
  }

  /** The assignment, without its registry login. */
  Assignment assignment() throws IOException {
    return json.readValue(Files.readAllBytes(file("assignment.json")), Assignment.class);
  }

  /** How far the run had got. */
  RunState state() throws IOException {
    return json.readValue(Files.readAllBytes(file("state.json")), RunState.class);
  }

  /** Remembers how far the run has got. */
  void save(RunState state) throws IOException {
    RunFolder.writePrivate(file("state.json"), json.writeValueAsBytes(state));
  }

  private Path file(String name) {
    return folder.root().resolve(name);
  }
}
