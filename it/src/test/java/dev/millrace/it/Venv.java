package dev.millrace.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Private environments of Python below .check/, each with pinned programs. */
final class Venv {
  private Venv() {}

  /** A program of the environment of that name, which is made anew when its pins change. */
  static synchronized Path program(String name, Path pins, String program) {
    Path venv = Machine.repository().resolve(".check").resolve(name);
    Path installed = venv.resolve("installed.txt");
    // Two profiles may want it at the same time.
    try (FileChannel lock =
        FileChannel.open(
            venv.resolveSibling(name + ".lock"),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE)) {
      lock.lock();
      if (!Files.exists(installed) || Files.mismatch(installed, pins) != -1) {
        install(venv, pins);
        Files.copy(pins, installed);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return venv.resolve("bin").resolve(program);
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
}
