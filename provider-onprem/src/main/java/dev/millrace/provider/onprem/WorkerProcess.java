package dev.millrace.provider.onprem;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The worker of one node as a process of this machine, and the processes of its runs. */
final class WorkerProcess {
  /** What a worker needs of the master's environment; nothing else of it is a worker's business. */
  private static final List<String> ENVIRONMENT =
      List.of(
          "PATH",
          "HOME",
          "USER",
          "LOGNAME",
          "LANG",
          "LC_ALL",
          "TZ",
          "TMPDIR",
          "XDG_RUNTIME_DIR",
          "DOCKER_HOST",
          "DOCKER_CERT_PATH",
          "DOCKER_TLS_VERIFY",
          "SSL_CERT_FILE");

  /**
   * Takes the node's lock, which the worker then holds as long as it lives, and writes down who it
   * is before it becomes the worker: so there are never two, and no moment is without a record.
   */
  private static final String START =
      "exec 9>\"$1.lock\" && flock -n 9 || exit 75;"
          + " { cat /proc/sys/kernel/random/boot_id && cat /proc/$$/stat; } > \"$1.tmp\""
          + " && mv \"$1.tmp\" \"$1\" || exit 1; shift; exec \"$@\"";

  private static final String NODE = "MILLRACE_NODE=";
  private static final String RUN = "MILLRACE_RUN=";
  private static final long MAX_LOG = 10L << 20;
  private static final long REMOVE_SECONDS = 60;
  private static final long SWEEP = TimeUnit.SECONDS.toNanos(10);

  private final Path folder;
  private final Path worker;

  /**
   * @param folder the node's folder
   * @param worker the worker's folder below it
   */
  WorkerProcess(Path folder, Path worker) {
    this.folder = folder;
    this.worker = worker;
  }

  /** Whether the worker that was started last still lives. */
  boolean lives() {
    return identity().filter(ProcessId::lives).isPresent();
  }

  private Optional<ProcessId> identity() {
    return ProcessId.written(folder.resolve("process"));
  }

  /** Starts the worker in a session of its own; it lives on when this process ends. */
  Process start(Path program, NodeRecord node, Machines machines, Path tokenFile)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "setsid",
                "/bin/sh",
                "-c",
                START,
                "millrace-worker",
                folder.resolve("process").toString(),
                program.toString(),
                "run",
                "--dir",
                worker.toString(),
                "--master",
                node.masterUrl().toString(),
                "--name",
                node.key(),
                "--slots",
                Integer.toString(node.slots()),
                "--runtimes",
                String.join(",", machines.runtimes())));
    if (Files.exists(tokenFile)) {
      command.addAll(List.of("--join-token-file", tokenFile.toString()));
    }
    if (machines.caFile() != null) {
      command.addAll(List.of("--ca-file", machines.caFile().toString()));
    }
    Machines.Processes processes = machines.processes();
    // Not as options: a worker of an earlier release would not know them.
    return launch(
        command,
        Map.of(
            "MILLRACE_WORKER_PROCESSES_TRUSTED",
            processes.trusted(),
            "MILLRACE_WORKER_HIDE",
            processes.hidden().stream().map(Path::toString).collect(Collectors.joining(":"))));
  }

  private Process launch(List<String> command, Map<String, String> more) throws IOException {
    File log = log();
    ProcessBuilder builder = new ProcessBuilder(command);
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(name -> !ENVIRONMENT.contains(name));
    environment.putAll(more);
    environment.put("MILLRACE_NODE", folder.toString());
    // A worker that changes over to another release ends, and the keeper starts it again.
    environment.put("MILLRACE_WORKER_RESTARTS", "yes");
    return builder
        .directory(folder.toFile())
        .redirectInput(new File("/dev/null"))
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
        .start();
  }

  private File log() throws IOException {
    Path log = folder.resolve("worker.log");
    if (Files.exists(log) && Files.size(log) > MAX_LOG) {
      Files.move(log, folder.resolve("worker.log.1"), StandardCopyOption.REPLACE_EXISTING);
    }
    return log.toFile();
  }

  /** Ends the worker and every process of its runs; IOException when some would not go. */
  void remove(@Nullable Path program) throws IOException {
    identity().ifPresent(ProcessId::kill);
    if (program != null) {
      removeByProgram(program);
    }
    long end = System.nanoTime() + SWEEP;
    Set<ProcessId> left = ours();
    while (!left.isEmpty()) {
      left.forEach(ProcessId::kill);
      if (System.nanoTime() > end || Thread.currentThread().isInterrupted()) {
        throw new IOException("processes of the node do not end: " + left);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
      left = ours();
    }
  }

  /** The worker's own program also knows its containers. What it leaves is swept afterwards. */
  private void removeByProgram(Path program) throws IOException {
    Process removal =
        launch(List.of(program.toString(), "remove", "--dir", worker.toString()), Map.of());
    try {
      if (!removal.waitFor(REMOVE_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException("removing the runs of the node took longer than a minute");
      }
      if (removal.exitValue() != 0) {
        throw new IOException("removing the runs of the node failed; see " + log());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("removing the runs of the node was interrupted", e);
    } finally {
      removal.destroyForcibly();
    }
  }

  /** Every living process of this node: the worker's, and those marked with one of its runs. */
  private Set<ProcessId> ours() throws IOException {
    Set<String> runs = new HashSet<>();
    for (Path run : NodeFolders.children(worker.resolve("runs"))) {
      runs.add(RUN + run.getFileName());
    }
    Set<ProcessId> found = new HashSet<>();
    long self = ProcessHandle.current().pid();
    for (Path process : NodeFolders.children(Path.of("/proc"))) {
      String name = process.getFileName().toString();
      if (!name.chars().allMatch(Character::isDigit) || Long.parseLong(name) == self) {
        continue;
      }
      Optional<ProcessId> before = ProcessId.now(Long.parseLong(name));
      if (before.isPresent() && marked(process, runs)) {
        found.add(before.get());
      }
    }
    return found;
  }

  private boolean marked(Path process, Set<String> runs) {
    List<String> environment = strings(process.resolve("environ"));
    if (environment.contains(NODE + folder)) {
      return true;
    }
    return environment.stream().anyMatch(entry -> entry.startsWith(RUN))
        && (environment.stream().anyMatch(runs::contains)
            || strings(process.resolve("cmdline")).stream()
                .anyMatch(argument -> argument.startsWith(folder + "/")));
  }

  private static List<String> strings(Path file) {
    try {
      return List.of(new String(Files.readAllBytes(file), StandardCharsets.UTF_8).split("\0"));
    } catch (IOException e) {
      // Gone meanwhile, or somebody else's: neither is ours.
      return List.of();
    }
  }
}
