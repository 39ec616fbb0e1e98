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
    Path installed = venv.resolve("installed.txt");
    try {
      if (!Files.exists(installed) || Files.mismatch(installed, pins) != -1) {
        install(venv, pins);
        Files.copy(pins, installed);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return program;
  }

  private static void install(Path venv, Path pins) {
    // Debian's Python first: what else is called python3 here may be too old.
    String python =
        Files.isExecutable(Path.of("/usr/bin/python3")) ? "/usr/bin/python3" : "python3";
    List<String> make = List.of(python, "-m", "venv", "--clear", venv.toString());
    List<String> fill =
        List.of(venv.resolve("bin/pip").toString(), "install", "-q", "-r", pins.toString());
    for (List<String> command : List.of(make, fill)) {
      Machine.run(Machine.repository(), Map.of(), Duration.ofMinutes(5), command).expectSuccess();
    }
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
