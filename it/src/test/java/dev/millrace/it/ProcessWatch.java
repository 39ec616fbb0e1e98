package dev.millrace.it;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/**
 * Looks at command lines and environments of all processes, again and again, until it is closed.
 */
final class ProcessWatch implements AutoCloseable {
  /** What a process of a run carries in its environment. */
  private static final String RUN = "MILLRACE_RUN=";

  private final Map<String, String> ofRuns = new ConcurrentHashMap<>();
  private final Map<String, String> others = new ConcurrentHashMap<>();
  private final Thread thread = new Thread(this::watch, "process-watch");
  private volatile boolean closed;

  ProcessWatch() {
    thread.setDaemon(true);
    thread.start();
  }

  private void watch() {
    while (!closed) {
      look();
      LockSupport.parkNanos(10_000_000);
    }
  }

  private void look() {
    long self = ProcessHandle.current().pid();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : processes) {
        long pid = Long.parseLong(process.getFileName().toString());
        if (pid != self) {
          String command = Machine.file(pid, "cmdline");
          String environment = Machine.file(pid, "environ");
          Map<String, String> kind = environment.contains(RUN) ? ofRuns : others;
          kind.put("process " + pid + " command " + command.hashCode(), command);
          kind.put("process " + pid + " environment " + environment.hashCode(), environment);
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  Haystacks ofRuns(Haystacks into) {
    ofRuns.forEach(into::add);
    return into;
  }

  Haystacks others(Haystacks into) {
    others.forEach(into::add);
    return into;
  }

  @Override
  public void close() throws InterruptedException {
    closed = true;
    thread.join(60_000);
  }
}
