package dev.millrace.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The real client in a private environment, with a folder and a configuration of its own. */
final class Vh {
  private final Path folder;
  private final Map<String, String> environment;

  private Vh(Path folder, Map<String, String> environment) {
    this.folder = folder;
    this.environment = environment;
  }

  /**
   * A client that works in {@code folder}, which must not be inside a Git work tree of something
   * else.
   */
  static Vh in(Path folder) {
    Machine.require(
        Machine.has("python3"), "python3 with venv (apt-get install python3 python3-venv)");
    try {
      String config = Files.createTempDirectory("it-vh").toString();
      return new Vh(folder, Map.of("VALOHAI_CONFIG_DIR", config, "HOME", config));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The same client with further variables of the environment. */
  Vh with(Map<String, String> more) {
    Map<String, String> all = new HashMap<>(environment);
    all.putAll(more);
    return new Vh(folder, all);
  }

  /** The pinned client, installed once below .check/. */
  private static Path program() {
    return Venv.program("vh", Machine.repository().resolve("it/clients.txt"), "vh");
  }

  Machine.Result run(String... arguments) {
    List<String> command = new ArrayList<>(List.of(program().toString()));
    command.addAll(List.of(arguments));
    return Machine.run(folder, environment, Duration.ofMinutes(3), command);
  }

  String ok(String... arguments) {
    Machine.Result result = run(arguments);
    if (result.code() != 0) {
      throw new AssertionError("vh " + String.join(" ", arguments) + ": " + result);
    }
    return result.output();
  }

  /** Runs a line as a shell would, which must begin with {@code vh} and quote nothing. */
  String typed(String line) {
    List<String> words = List.of(line.split(" +"));
    if (!words.get(0).equals("vh") || line.contains("'")) {
      throw new AssertionError("not a plain line for vh: " + line);
    }
    return ok(words.subList(1, words.size()).toArray(String[]::new));
  }
}
