package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Somebody with a fresh copy of this checkout and an empty home folder who types ./quickstart.
 * Where the tests run as root it is a user without any rights, made for this and removed at the
 * end.
 */
final class Newcomer implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofMinutes(12);

  private final Path folder;
  private final Optional<String> user;
  private final Map<String, String> environment = new HashMap<>();
  private Optional<String> group = Optional.empty();

  private Newcomer(Path folder, Optional<String> user) {
    this.folder = folder;
    this.user = user;
    environment.put("HOME", home().toString());
    environment.put("DOCKER_HOST", "unix:///nonexistent");
    environment.put("MILLRACE_HTTP_PORT", Integer.toString(Distribution.freePort()));
    if (user.isEmpty()) {
      environment.put("MAVEN_ARGS", "-Dmaven.repo.local=" + home().resolve(".m2/repository"));
    }
  }

  static Newcomer arrive() throws IOException {
    Path folder = Files.createTempDirectory("it-newcomer");
    Optional<String> user = Optional.empty();
    if (Machine.isRoot()) {
      user = Optional.of("millrace-" + ProcessHandle.current().pid());
      String home = folder.resolve("home").toString();
      Machine.run(
              folder,
              List.of(
                  "useradd", "--no-create-home", "--home-dir", home, "-s", "/bin/sh", user.get()))
          .expectSuccess();
    }
    Newcomer newcomer = new Newcomer(folder, user);
    Files.createDirectory(newcomer.home());
    copyCheckout(newcomer.checkout());
    Machine.run(folder, List.of("chmod", "711", folder.toString())).expectSuccess();
    newcomer.own(folder);
    return newcomer;
  }

  /** What a clone of this checkout would hold, changes that are not committed included. */
  static void copyCheckout(Path target) throws IOException {
    Files.createDirectories(target);
    Machine.run(
            Machine.repository(),
            List.of(
                "sh",
                "-c",
                "git -c safe.directory='*' ls-files -z --cached --others --exclude-standard"
                    + " | tar --null -T - -c | tar -x --no-same-owner -C '"
                    + target
                    + "'"))
        .expectSuccess();
    assertTrue(Files.exists(target.resolve("quickstart")), "the copy of the checkout is not whole");
  }

  Path home() {
    return folder.resolve("home");
  }

  Path checkout() {
    return folder.resolve("millrace");
  }

  Path folder() {
    return folder;
  }

  void set(String name, String value) {
    environment.put(name, value);
  }

  /**
   * Lets the newcomer use {@code file}, such as the socket of a Docker engine, through its group.
   */
  void join(Path file) {
    group =
        Optional.of(
            Machine.run(folder, List.of("stat", "-c", "%g", file.toString()))
                .expectSuccess()
                .trim());
  }

  /** Hands over what this checkout has built. */
  void takeBuild() throws IOException {
    copyBuild(checkout());
    own(checkout());
  }

  /** Copies what this checkout has built into {@code checkout}, newer than every file there. */
  static void copyBuild(Path checkout) throws IOException {
    Path target = checkout.resolve("assembly/target");
    Files.createDirectories(target);
    Files.copy(Distribution.archive(), target.resolve(Distribution.archive().getFileName()));
  }

  private void own(Path path) {
    user.ifPresent(
        u -> Machine.run(folder, List.of("chown", "-R", u, path.toString())).expectSuccess());
  }

  /**
   * The newcomer's command line for a program of the copy; {@code before} sets the stage as root.
   */
  private List<String> command(String before, String... arguments) {
    List<String> command = new ArrayList<>();
    if (!before.isEmpty()) {
      command.addAll(List.of("unshare", "--mount", "sh", "-c", before + " && exec \"$@\"", "sh"));
    }
    user.ifPresent(
        u -> {
          command.addAll(List.of("setpriv", "--reuid", u, "--regid", u));
          command.addAll(group.map(g -> List.of("--groups", g)).orElse(List.of("--clear-groups")));
        });
    // Signals that this process ignores would stay ignored.
    command.addAll(List.of("env", "--default-signal=INT,QUIT", "-u", "JAVA_HOME"));
    user.ifPresent(u -> command.addAll(List.of("USER=" + u, "LOGNAME=" + u)));
    command.add("./quickstart");
    command.addAll(List.of(arguments));
    return command;
  }

  /** Runs ./quickstart to its end. */
  Transcript quickstart(String... arguments) {
    return until(line -> false, "INT", command("", arguments));
  }

  /** Runs ./quickstart after {@code before}, done as root in a mount namespace of its own. */
  Transcript quickstartWhere(String before) {
    return until(line -> false, "INT", command(before));
  }

  /** Runs ./quickstart, and sends it {@code signal} when it prints a line with {@code phase}. */
  Transcript interrupt(String phase, String signal) {
    Transcript seen = until(line -> line.contains(phase), signal, command(""));
    assertTrue(seen.says(phase), () -> "no " + phase + " in:\n" + seen.text());
    return seen;
  }

  /** The same, but only once {@code there} holds after that line. */
  Transcript interruptWhen(String phase, Predicate<Path> there, String signal) {
    Predicate<String> inPhase =
        line -> {
          if (!line.contains(phase)) {
            return false;
          }
          Machine.await(
              "the condition for " + signal,
              Duration.ofMinutes(3),
              () -> there.test(home()) ? Optional.of(true) : Optional.empty());
          return true;
        };
    return until(inPhase, signal, command(""));
  }

  private Transcript until(Predicate<String> moment, String signal, List<String> command) {
    return Transcript.of(
        checkout(),
        environment,
        LIMIT,
        command,
        (line, process) -> {
          if (!moment.test(line)) {
            return true;
          }
          List<String> kill = List.of("kill", "-" + signal, Long.toString(process.pid()));
          Machine.run(folder, kill).expectSuccess();
          return !signal.equals("KILL");
        });
  }

  /** Processes of the newcomer: its user's, and those that name its folder. */
  List<String> processes() {
    List<Long> found = new ArrayList<>(Machine.processesNaming(folder.toString()));
    user.ifPresent(
        u ->
            Machine.run(folder, List.of("ps", "-o", "pid=", "-u", u))
                .output()
                .lines()
                .map(l -> Long.parseLong(l.trim()))
                .forEach(found::add));
    return found.stream()
        .distinct()
        .map(pid -> pid + " " + Machine.file(pid, "cmdline").trim())
        .filter(line -> !line.endsWith(" "))
        .toList();
  }

  /** That nothing of the newcomer runs any more; what has been killed may take a moment. */
  void expectNoProcess() {
    Machine.await(
        "the end of every process of the newcomer",
        Duration.ofSeconds(10),
        () -> {
          List<String> left = processes();
          if (!left.isEmpty()) {
            throw new IllegalStateException("left: " + left);
          }
          return Optional.of(true);
        });
  }

  /** The file of that name among the outputs that ./quickstart downloaded. */
  Path output(String name) throws IOException {
    try (Stream<Path> files = Files.walk(checkout().resolve(".quickstart/outputs"))) {
      return files.filter(f -> f.getFileName().toString().equals(name)).findFirst().orElseThrow();
    }
  }

  /** Ends what still runs, and removes user and folder. */
  @Override
  public void close() {
    quickstart("--stop");
    for (String left : processes()) {
      Machine.run(Path.of("/"), List.of("kill", "-KILL", left.substring(0, left.indexOf(' '))));
    }
    user.ifPresent(u -> Machine.run(Path.of("/"), List.of("userdel", u)));
    Machine.run(Path.of("/"), List.of("rm", "-rf", folder.toString()));
  }
}
