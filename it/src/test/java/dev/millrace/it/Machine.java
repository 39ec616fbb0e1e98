package dev.millrace.it;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The machine that the tests run on: programs, processes, and waiting for a condition. */
final class Machine {
  private Machine() {}

  /** The checkout that is tested. */
  static Path repository() {
    return Path.of(System.getProperty("millrace.repository", "..")).toAbsolutePath().normalize();
  }

  /** What a program printed (both streams) and how it ended. */
  record Result(int code, String output) {
    /** The output, after a check that the program succeeded. */
    String expectSuccess() {
      if (code != 0) {
        throw new AssertionError("exit code " + code + ": " + output);
      }
      return output;
    }
  }

  /**
   * Runs a program to its end with standard input closed; kills it and fails after {@code limit}.
   */
  static Result run(
      Path folder, Map<String, String> environment, Duration limit, List<String> command) {
    try {
      Path output = Files.createTempFile("it-output", ".txt");
      ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
      builder.redirectErrorStream(true).redirectOutput(output.toFile());
      builder.redirectInput(Path.of("/dev/null").toFile());
      builder.environment().putAll(environment);
      Process process = builder.start();
      boolean ended = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
      if (!ended) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
      }
      String text = Files.readString(output);
      Files.delete(output);
      if (!ended) {
        throw new AssertionError(command + " did not end within " + limit + ": " + text);
      }
      return new Result(process.exitValue(), text);
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(command + " could not be run", e);
    }
  }

  static Result run(Path folder, List<String> command) {
    return run(folder, Map.of(), Duration.ofMinutes(2), command);
  }

  /**
   * Waits until {@code condition} answers something; fails after {@code limit} with the last state.
   */
  static <T> T await(String what, Duration limit, Callable<Optional<T>> condition) {
    Instant end = Instant.now().plus(limit);
    Throwable last = null;
    while (Instant.now().isBefore(end)) {
      try {
        Optional<T> answer = condition.call();
        if (answer.isPresent()) {
          return answer.get();
        }
        TimeUnit.MILLISECONDS.sleep(100);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      } catch (Exception e) {
        last = e;
        pause();
      }
    }
    throw new AssertionError(what + " did not come within " + limit, last);
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(200);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Process ids whose command line or environment names {@code text}. */
  static List<Long> processesNaming(String text) {
    try (Stream<Path> entries = Files.list(Path.of("/proc"))) {
      return entries
          .map(p -> p.getFileName().toString())
          .filter(n -> n.chars().allMatch(Character::isDigit))
          .map(Long::parseLong)
          .filter(pid -> pid != ProcessHandle.current().pid())
          .filter(pid -> file(pid, "cmdline").contains(text) || file(pid, "environ").contains(text))
          .toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** One file of a process, NULs as blanks; empty if the process is gone. */
  static String file(long pid, String name) {
    try (InputStream in = Files.newInputStream(Path.of("/proc/" + pid + "/" + name))) {
      return new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8)
          .replace('\0', ' ');
    } catch (IOException gone) {
      return "";
    }
  }

  /** Whether ./check was asked for the heavy tests, too. */
  static boolean full() {
    return "full".equals(System.getProperty("check.mode"));
  }

  static boolean isRoot() {
    return run(Path.of("/"), List.of("id", "-u")).output().trim().equals("0");
  }

  static boolean has(String program) {
    return run(Path.of("/"), List.of("sh", "-c", "command -v " + program)).code() == 0;
  }

  /** Where the engine of this machine listens. */
  static String dockerHost() {
    String host = System.getenv("DOCKER_HOST");
    return host == null || host.isBlank() ? "unix:///var/run/docker.sock" : host;
  }

  static boolean dockerAnswers() {
    return has("docker") && run(Path.of("/"), List.of("docker", "version")).code() == 0;
  }

  /**
   * Under CI a missing server or client is a failure, elsewhere the test is skipped with the
   * reason.
   */
  static void require(boolean there, String what) {
    if (!there && "true".equals(System.getenv("CI"))) {
      throw new AssertionError("missing under CI: " + what);
    }
    org.junit.jupiter.api.Assumptions.assumeTrue(there, "missing: " + what);
  }
}
