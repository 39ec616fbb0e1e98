package dev.millrace.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The real client in a private environment, with a folder and a configuration of its own. */
final class Vh {
  private final Path folder;
  private final Map<String, String> environment;

  private Vh(Path folder, Path config) {
    this.folder = folder;
    this.environment = Map.of("VALOHAI_CONFIG_DIR", config.toString(), "HOME", config.toString());
  }

  /**
   * A client that works in {@code folder}, which must not be inside a Git work tree of something
   * else.
   */
  static Vh in(Path folder) {
    Machine.require(
        Machine.has("python3"), "python3 with venv (apt-get install python3 python3-venv)");
    try {
      return new Vh(folder, Files.createTempDirectory("it-vh"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The pinned client, installed once below .check/. */
  private static synchronized Path program() {
    Path venv = Machine.repository().resolve(".check/vh");
    Path program = venv.resolve("bin/vh");
    Path pins = Machine.repository().resolve("it/clients.txt");
    if (!Files.isExecutable(program)) {
      String python =
          Files.isExecutable(Path.of("/usr/bin/python3")) ? "/usr/bin/python3" : "python3";
      Path repository = Machine.repository();
      Map<String, String> none = Map.of();
      Duration limit = Duration.ofMinutes(5);
      Machine.run(repository, none, limit, List.of(python, "-m", "venv", venv.toString()))
          .expectSuccess();
      Machine.run(
              repository,
              none,
              limit,
              List.of(venv.resolve("bin/pip").toString(), "install", "-q", "-r", pins.toString()))
          .expectSuccess();
    }
    return program;
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
}
