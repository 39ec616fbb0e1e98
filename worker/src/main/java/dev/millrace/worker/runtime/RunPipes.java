package dev.millrace.worker.runtime;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The named pipes that a run writes its two streams to. A process of their own keeps them open, so
 * that what is in them outlives the run and its worker; it ends itself when they are removed.
 */
public final class RunPipes {
  /** The streams, which are the names of their pipes. */
  public static final List<String> NAMES = List.of("stdout", "stderr");

  private static final Logger LOG = LoggerFactory.getLogger(RunPipes.class);
  private static final int FIFO = 0010000;
  private static final int TYPE = 0170000;
  private static final String HOLD =
      "exec 3<>\"$1/stdout\" 4<>\"$1/stderr\" || exit 1; while [ -p \"$1/stdout\" ]; do sleep 5; done";

  private final Path folder;
  private final ProcessTable table = new ProcessTable();

  public RunPipes(RunFolder folder) {
    this.folder = folder.logs();
  }

  /** The pipe of a stream. */
  public Path pipe(String name) {
    return folder.resolve(name);
  }

  /** Whether the run has them: an earlier release gave its runs plain files. */
  public boolean exist() throws IOException {
    for (String name : NAMES) {
      if (!fifo(pipe(name))) {
        return false;
      }
    }
    return true;
  }

  /** Makes those that are not there yet, for a user, or the worker's own for -1. */
  public void create(int uid) throws IOException, LaunchException {
    for (String name : NAMES) {
      Path pipe = pipe(name);
      if (!fifo(pipe)) {
        make(pipe);
      }
      if (uid >= 0) {
        Files.setAttribute(pipe, "unix:uid", uid, LinkOption.NOFOLLOW_LINKS);
      }
    }
  }

  private static void make(Path pipe) throws IOException, LaunchException {
    Process process =
        new ProcessBuilder("mkfifo", "-m", "600", pipe.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS) || process.exitValue() != 0) {
        process.destroyForcibly();
        throw new LaunchException(
            "image",
            "The run has nowhere to write to: this worker's folder cannot hold named pipes ("
                + said.strip()
                + "). Put its --dir on a local Linux file system.");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while a pipe was made", e);
    }
  }

  private static boolean fifo(Path pipe) throws IOException {
    return Files.exists(pipe, LinkOption.NOFOLLOW_LINKS)
        && ((Integer) Files.getAttribute(pipe, "unix:mode", LinkOption.NOFOLLOW_LINKS) & TYPE)
            == FIFO;
  }

  /** Sees to it that a process holds them open. */
  public synchronized void hold() throws IOException {
    if (held()) {
      return;
    }
    ProcessBuilder builder =
        new ProcessBuilder("setsid", "/bin/sh", "-c", HOLD, "millrace-pipes", folder.toString());
    builder.environment().clear();
    builder.environment().put("PATH", ProcessRuntime.PATH);
    builder.directory(Path.of("/").toFile());
    builder.redirectInput(Path.of("/dev/null").toFile());
    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    builder.redirectErrorStream(true);
    Process holder = builder.start();
    ProcessTable.Entry entry = table.living(holder.pid());
    if (entry != null) {
      try {
        Path note = folder.resolve("holder.tmp");
        Files.writeString(note, holder.pid() + " " + entry.started());
        Files.move(note, note(), java.nio.file.StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException e) {
        // Nobody would find it, and the next try would make another one.
        holder.destroyForcibly();
        throw e;
      }
    }
  }

  private boolean held() throws IOException {
    String[] parts = RunFolder.text(note()).orElse("").strip().split(" ");
    try {
      return parts.length == 2 && table.lives(Long.parseLong(parts[0]), Long.parseLong(parts[1]));
    } catch (NumberFormatException e) {
      return false;
    }
  }

  /** Ends the process that holds them: they are empty and nobody writes any more. */
  public synchronized void release() throws IOException {
    if (held()) {
      long pid = Long.parseLong(RunFolder.text(note()).orElse("").strip().split(" ")[0]);
      ProcessHandle holder = ProcessHandle.of(pid).orElse(null);
      if (holder != null) {
        // What it waits with would go on for seconds.
        List<ProcessHandle> below = holder.descendants().toList();
        holder.destroyForcibly();
        below.forEach(ProcessHandle::destroyForcibly);
      }
      LOG.debug("pipes released folder={}", folder);
    }
  }

  private Path note() {
    return folder.resolve("holder");
  }
}
