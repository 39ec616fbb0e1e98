package dev.millrace.worker;

import dev.millrace.worker.docker.ImageCache;
import dev.millrace.worker.runtime.ProcessOptions;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The command line. Secrets are never part of it. */
record Options(
    Path dir,
    URI master,
    String name,
    int slots,
    List<String> runtimes,
    @Nullable Path joinTokenFile,
    @Nullable Path caFile,
    long cacheGiB,
    int cachePercent,
    long minFreeMiB,
    ImageCache.Limits images,
    String dockerHost,
    ProcessOptions processes) {

  static final String DOCKER = "unix:///var/run/docker.sock";

  static final String USAGE =
      """
      millrace-worker run --dir FOLDER --master URL [options]
        --dir FOLDER            keeps identity, runs and cached inputs; one worker a folder
        --master URL            the master's address, such as https://millrace.example.org
        --name NAME             shown to people (default: the host's name)
        --slots N               runs at once (default 1)
        --runtimes LIST         of process,docker (default docker; process lets user code use this machine)
        --join-token-file FILE  mode 0600; without it the token is read from standard input, when one is needed
        --ca-file FILE          certificates (PEM) to trust for the master and its stores
        --cache-gib N           limit of cached inputs (default 20)
        --cache-percent N       the same, of the folder's disk (default 50); the smaller counts
        --image-gib N           limit of the images that the worker has pulled (default 50)
        --image-percent N       the same, of the engine's disk (default 50); the smaller counts
        --min-free-mib N        free on the folder's disk, or no run is taken (default 512)
        --processes-trusted yes takes process runs also where nothing keeps them from what the worker may do
        --hide PATHS            files and folders that no process run may see, parted by ':'
        --docker-host HOST      unix:///path of the engine (default: DOCKER_HOST, or where engines usually listen)
      millrace-worker keep --dir FOLDER --master URL [options]
        like run, and starts the worker again when it has changed over to another release
      millrace-worker remove --dir FOLDER
        ends the worker of the folder and every run that it left there; the folder stays
      """;

  /** The command line is wrong; the message says how. */
  static final class UsageException extends Exception {
    private static final long serialVersionUID = 1L;

    UsageException(String message) {
      super(message);
    }
  }

  /** Reads the options of {@code run}. */
  static Options parse(List<String> arguments, Map<String, String> environment)
      throws UsageException {
    Map<String, String> given = new HashMap<>();
    for (int i = 0; i < arguments.size(); i += 2) {
      String name = arguments.get(i);
      if (!name.startsWith("--") || i + 1 >= arguments.size()) {
        throw new UsageException("'" + name + "' is not an option with a value");
      }
      given.put(name, arguments.get(i + 1));
    }
    Options options =
        new Options(
            resolve(required(given, "--dir"), environment),
            address(required(given, "--master")),
            given.getOrDefault("--name", hostName(environment)),
            number(given, "--slots", 1, 1024),
            runtimes(given.getOrDefault("--runtimes", "docker")),
            path(given, "--join-token-file", environment),
            path(given, "--ca-file", environment),
            number(given, "--cache-gib", 20, 1_000_000),
            number(given, "--cache-percent", 50, 100),
            number(given, "--min-free-mib", 512, 9_999_999),
            new ImageCache.Limits(
                (long) number(given, "--image-gib", 50, 1_000_000) << 30,
                number(given, "--image-percent", 50, 100)),
            given.getOrDefault("--docker-host", engine(environment)),
            processes(given, environment));
    for (String known :
        List.of(
            "--dir",
            "--master",
            "--name",
            "--slots",
            "--runtimes",
            "--join-token-file",
            "--ca-file",
            "--cache-gib",
            "--cache-percent",
            "--min-free-mib",
            "--image-gib",
            "--image-percent",
            "--processes-trusted",
            "--hide",
            "--docker-host")) {
      given.remove(known);
    }
    if (!given.isEmpty()) {
      throw new UsageException("unknown option " + given.keySet().iterator().next());
    }
    return options;
  }

  /** Where an engine is: as the environment says, or where engines usually listen. */
  static String engine(Map<String, String> environment) {
    String given = environment.getOrDefault("DOCKER_HOST", "");
    if (!given.isBlank()) {
      return given;
    }
    String own = environment.getOrDefault("XDG_RUNTIME_DIR", "/nonexistent");
    return Stream.of("/var/run/docker.sock", own + "/docker.sock", own + "/podman/podman.sock")
        .filter(socket -> Files.isWritable(Path.of(socket)))
        .findFirst()
        .map(socket -> "unix://" + socket)
        .orElse(DOCKER);
  }

  private static String required(Map<String, String> given, String name) throws UsageException {
    String value = given.get(name);
    if (value == null || value.isBlank()) {
      throw new UsageException(name + " is missing");
    }
    return value;
  }

  private static URI address(String text) throws UsageException {
    try {
      URI uri = URI.create(text);
      if (uri.getHost() != null
          && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      // The message below says it better.
    }
    throw new UsageException("--master must be an http:// or https:// address");
  }

  private static int number(Map<String, String> given, String name, int standard, int most)
      throws UsageException {
    String text = given.getOrDefault(name, Integer.toString(standard));
    if (text.matches("\\d{1,7}")) {
      int value = Integer.parseInt(text);
      if (value >= 1 && value <= most) {
        return value;
      }
    }
    throw new UsageException(name + " must be a number from 1 to " + most);
  }

  private static List<String> runtimes(String text) throws UsageException {
    List<String> names = List.of(text.split(","));
    for (String name : names) {
      if (!name.equals("process") && !name.equals("docker")) {
        throw new UsageException("--runtimes knows 'process' and 'docker', not '" + name + "'");
      }
    }
    return names;
  }

  /** As given; else as the environment says, by which a master speaks to workers of any release. */
  private static String option(
      Map<String, String> given, String name, Map<String, String> environment, String standard) {
    String variable =
        "MILLRACE_WORKER" + name.substring(1).replace('-', '_').toUpperCase(Locale.ROOT);
    return given.getOrDefault(name, environment.getOrDefault(variable, standard));
  }

  private static ProcessOptions processes(
      Map<String, String> given, Map<String, String> environment) throws UsageException {
    String trusted = option(given, "--processes-trusted", environment, "no");
    if (!trusted.equals("yes") && !trusted.equals("no")) {
      throw new UsageException("--processes-trusted must be yes or no");
    }
    List<Path> hidden = new ArrayList<>();
    for (String path : option(given, "--hide", environment, "").split(":")) {
      if (!path.isBlank()) {
        hidden.add(resolve(path, environment));
      }
    }
    String engine = given.getOrDefault("--docker-host", engine(environment));
    return new ProcessOptions(
        trusted.equals("yes") ? ProcessOptions.Trust.EVERYBODY : ProcessOptions.Trust.NOBODY,
        hidden,
        Path.of(engine.startsWith("unix:///") ? engine.substring("unix://".length()) : "/nowhere"));
  }

  private static @Nullable Path path(
      Map<String, String> given, String name, Map<String, String> environment) {
    String text = given.get(name);
    return text == null ? null : resolve(text, environment);
  }

  /** A path as the caller meant it: the launcher changes the working directory. */
  static Path resolve(String text, Map<String, String> environment) {
    return Path.of(environment.getOrDefault("MILLRACE_CWD", ""))
        .resolve(text)
        .toAbsolutePath()
        .normalize();
  }

  private static String hostName(Map<String, String> environment) {
    try {
      return java.nio.file.Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    } catch (java.io.IOException e) {
      return environment.getOrDefault("HOSTNAME", "worker");
    }
  }
}
