package dev.millrace.worker.docker;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.WaitResponse;
import dev.millrace.worker.runtime.RunFolder;
import dev.millrace.worker.runtime.RunHandle;
import dev.millrace.worker.wire.Wire;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A run in its container, which one request to the engine waits for. */
final class DockerRun implements RunHandle {
  private static final Logger LOG = LoggerFactory.getLogger(DockerRun.class);
  private static final Duration EXEC = Duration.ofSeconds(10);
  private static final Duration PAUSE = Duration.ofMillis(500);

  private final Engine engine;
  private final RunFolder folder;
  private final String name;
  private final Wire.RunImage image;
  private @Nullable Pending<WaitResponse> end;
  private boolean gone;
  private boolean outOfMemory;
  private @Nullable String problem;

  DockerRun(Engine engine, RunFolder folder, String name, Wire.RunImage image) {
    this.engine = engine;
    this.folder = folder;
    this.name = name;
    this.image = image;
  }

  @Override
  public synchronized boolean awaitGone(Duration wait) throws IOException, InterruptedException {
    if (gone) {
      return true;
    }
    Pending<WaitResponse> current = end;
    try {
      if (current == null) {
        current = engine.stream(client -> client.waitContainerCmd(name).exec(new Pending<>()));
        end = current;
      }
      if (!current.awaitEnd(wait)) {
        return false;
      }
      end = null;
      return look();
    } catch (IOException e) {
      // The engine is away; its containers may well go on.
      LOG.debug("container not seen name={} error={}", name, e.toString());
      end = null;
      Thread.sleep(Math.min(wait.toMillis(), PAUSE.toMillis()));
      return false;
    }
  }

  /** Whether it has ended; if so, how is remembered, as the container goes soon. */
  private boolean look() throws IOException {
    try {
      InspectContainerResponse found =
          engine.call(client -> client.inspectContainerCmd(name).exec());
      InspectContainerResponse.ContainerState state = found.getState();
      if (Boolean.TRUE.equals(state.getRunning())) {
        return false;
      }
      outOfMemory = Boolean.TRUE.equals(state.getOOMKilled());
      String error = state.getError();
      problem = error == null || error.isBlank() ? null : error;
      Long code = state.getExitCodeLong();
      if (problem == null && code != null && (code == 126 || code == 127)) {
        // The init found nothing to run; had it run, the exit code would be in its file.
        problem = "its image has no /bin/sh that this machine can run. Take another image.";
      }
    } catch (NotFoundException e) {
      LOG.warn("container is not there any more name={}", name);
    }
    gone = true;
    return true;
  }

  @Override
  public synchronized Exit exit() throws IOException {
    String text = RunFolder.text(RunContainer.exit(folder)).orElse("").strip();
    if (text.equals("pipes")) {
      return new Exit(
          null,
          false,
          "its output has nowhere to go: the engine does not show the worker's named pipes in its"
              + " containers. Use an engine that runs on the worker's own kernel.");
    }
    if (text.startsWith("mount ")) {
      return new Exit(
          null,
          false,
          "cannot "
              + text
              + ": the engine sees another folder there, or it was changed while the run started."
              + " Submit it again.");
    }
    String[] left = text.split(" ");
    boolean told = left[0].matches("\\d{1,3}");
    boolean killed = outOfMemory || left.length > 1 && left[1].matches("[1-9]\\d{0,9}");
    return new Exit(told ? Integer.valueOf(left[0]) : null, killed, told ? null : problem);
  }

  /**
   * A signal to the container would reach its first process only, and one by the numbers of the
   * machine's process table would need a worker that sees them and may; so a shell inside sends it
   * to every process but itself and the init, in one system call.
   */
  @Override
  public void interrupt() throws IOException {
    try {
      folder.markStopping();
    } catch (IOException e) {
      // The disk is full, or the run removed the folder: no reason to let it go on.
      LOG.warn("stop not marked name={} error={}", name, e.toString());
    }
    try {
      Pending<Frame> started =
          engine.call(
              client -> {
                String exec =
                    client
                        .execCreateCmd(name)
                        .withCmd("/bin/sh", "-c", "kill -INT -1")
                        .exec()
                        .getId();
                return client.execStartCmd(exec).withDetach(true).exec(new Pending<>());
              });
      if (!started.awaitEnd(EXEC)) {
        LOG.warn("the interrupt takes long name={}", name);
      } else if (started.failure() != null) {
        LOG.debug("nothing to interrupt name={}", name, started.failure());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (NotFoundException | ConflictException e) {
      LOG.debug("nothing to interrupt name={} said={}", name, e.getMessage());
    }
  }

  @Override
  public void kill() throws IOException {
    try {
      engine.call(client -> client.killContainerCmd(name).withSignal("KILL").exec());
    } catch (NotFoundException | ConflictException e) {
      LOG.debug("nothing to kill name={} said={}", name, e.getMessage());
    }
  }

  @Override
  public void remove() throws IOException {
    remove(engine, name);
  }

  /** Removes a container, running or not; one that has gone is no error. */
  static void remove(Engine engine, String container) throws IOException {
    try {
      engine.call(
          client ->
              client.removeContainerCmd(container).withForce(true).withRemoveVolumes(true).exec());
    } catch (NotFoundException e) {
      LOG.debug("container gone already name={}", container);
    } catch (ConflictException e) {
      // Another removal of it is under way.
      LOG.debug("container goes already name={}", container);
    } catch (DockerException e) {
      throw new IOException("the engine does not remove container " + container, e);
    }
  }

  @Override
  public Wire.RunImage image() {
    return image;
  }
}
