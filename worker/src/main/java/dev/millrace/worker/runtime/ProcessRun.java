package dev.millrace.worker.runtime;

import dev.millrace.worker.wire.Wire;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A run under its supervisor, known by the files that the supervisor writes. */
final class ProcessRun implements RunHandle {
  private static final Logger LOG = LoggerFactory.getLogger(ProcessRun.class);
  private static final long LAUNCH_NANOS = Duration.ofSeconds(20).toNanos();
  private static final long TICK_MILLIS = 10;

  private final ProcessTable table;
  private final Path root;
  private final Path state;
  private final Path tools;
  private final boolean namespaced;
  private final String marker;
  private final int uid;
  private final Runnable forget;
  private final long since = System.nanoTime();
  private boolean interrupted;

  private record Supervisor(long pid, long started) {}

  ProcessRun(
      ProcessTable table,
      RunFolder folder,
      boolean namespaced,
      String marker,
      int uid,
      Runnable forget) {
    this.table = table;
    this.root = folder.root();
    this.state = folder.state();
    this.tools = folder.tools();
    this.namespaced = namespaced;
    this.marker = marker;
    this.uid = uid;
    this.forget = forget;
  }

  @Override
  public boolean awaitGone(Duration wait) throws IOException, InterruptedException {
    long end = System.nanoTime() + wait.toNanos();
    while (!gone()) {
      if (System.nanoTime() >= end) {
        return false;
      }
      Thread.sleep(TICK_MILLIS);
    }
    return true;
  }

  private boolean gone() throws IOException {
    Supervisor supervisor = supervisor();
    if (supervisor == null) {
      return System.nanoTime() - since > LAUNCH_NANOS;
    }
    if (table.lives(supervisor.pid(), supervisor.started())) {
      return false;
    }
    if (namespaced) {
      return true;
    }
    Set<Long> left = table.marked(marker, uid);
    if (!left.isEmpty() && !interrupted && !Files.exists(state.resolve("stopping"))) {
      table.signal("KILL", left);
    }
    return left.isEmpty();
  }

  @Override
  public Exit exit() throws IOException {
    String problem = RunFolder.text(state.resolve("problem")).orElse(null);
    if (supervisor() == null) {
      String said = RunFolder.text(state.resolve("supervisor.log")).orElse("").strip();
      problem = "the supervisor did not start" + (said.isEmpty() ? "" : ": " + said);
    }
    String code = RunFolder.text(state.resolve("exit")).orElse("").strip();
    if (problem == null && code.matches("\\d{1,3}( \\d{1,9})?")) {
      String[] left = code.split(" ");
      boolean outOfMemory = left.length > 1 && !left[1].equals("0");
      return new Exit(Integer.valueOf(left[0]), outOfMemory, null);
    }
    return new Exit(null, false, problem == null ? null : problem.strip());
  }

  @Override
  public void interrupt() throws IOException {
    interrupted = true;
    for (Path place : List.of(state, tools)) {
      try {
        Handles.mark(root, place.resolve("stopping"), "stop");
      } catch (IOException e) {
        // The disk is full, or the run removed the folder: no reason to let it go on.
        LOG.warn("stop not marked run={} error={}", marker, e.toString());
      }
    }
    table.signal("INT", members());
  }

  @Override
  public void kill() throws IOException {
    Supervisor supervisor = supervisor();
    if (supervisor != null && namespaced) {
      // The end of its first process ends a PID namespace and all in it.
      if (table.lives(supervisor.pid(), supervisor.started())) {
        table.signal("KILL", Set.of(supervisor.pid()));
      }
      return;
    }
    // What forks while it is looked for is found at the next look.
    for (int round = 0; round < 50; round++) {
      Set<Long> members = members();
      if (supervisor != null && table.lives(supervisor.pid(), supervisor.started())) {
        members.add(supervisor.pid());
      }
      if (members.isEmpty()) {
        return;
      }
      table.signal("KILL", members);
    }
    LOG.error("run={} has processes that SIGKILL does not end; look for D state", marker);
  }

  private Set<Long> members() throws IOException {
    Supervisor supervisor = supervisor();
    if (supervisor == null) {
      return new java.util.LinkedHashSet<>();
    }
    Set<Long> members = table.below(supervisor.pid());
    if (!namespaced) {
      members.addAll(table.marked(marker, uid));
      members.remove(supervisor.pid());
    }
    return members;
  }

  private @Nullable Supervisor supervisor() throws IOException {
    String text = RunFolder.text(state.resolve("pid")).orElse("").strip();
    String[] parts = text.split(" ");
    if (parts.length != 2) {
      return null;
    }
    try {
      return new Supervisor(Long.parseLong(parts[0]), Long.parseLong(parts[1]));
    } catch (NumberFormatException e) {
      return null;
    }
  }

  @Override
  public void remove() {
    // All but its control groups is in its folder.
    forget.run();
  }

  @Override
  public Wire.@Nullable RunImage image() {
    return null;
  }
}
