package dev.millrace.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Code to run: a folder of files, and its archive. */
record Code(Path folder) {
  /** Writes {@code files} (path to text) into a new folder. */
  static Code of(Map<String, String> files) {
    try {
      Path folder = Files.createTempDirectory("it-code");
      for (Map.Entry<String, String> file : files.entrySet()) {
        Path path = folder.resolve(file.getKey());
        Files.createDirectories(path.getParent());
        Files.writeString(path, file.getValue());
      }
      return new Code(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A step that runs one shell script, given as text. */
  static Code script(String script) {
    return of(
        Map.of(
            "valohai.yaml",
            "- step:\n    name: run\n    image: it-tools\n    command: sh script.sh\n",
            "script.sh",
            script));
  }

  Path archive() {
    try {
      Path archive = Files.createTempFile("it-code", ".tgz");
      Machine.run(folder, List.of("sh", "-c", "ls -A | tar -czf " + archive + " -T -"))
          .expectSuccess();
      return archive;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
