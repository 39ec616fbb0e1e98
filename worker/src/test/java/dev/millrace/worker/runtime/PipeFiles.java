package dev.millrace.worker.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Copies what a run writes to its pipes into files, in place of a worker. */
public final class PipeFiles implements AutoCloseable {
  private final RunFolder folder;
  private final List<Process> copies = new ArrayList<>();

  /** Makes the pipes of a run. */
  public PipeFiles(RunFolder folder) throws IOException, LaunchException {
    this.folder = folder;
    new RunPipes(folder).create(-1);
    for (String name : RunPipes.NAMES) {
      Files.setPosixFilePermissions(
          folder.logs().resolve(name), PosixFilePermissions.fromString("rw-rw-rw-"));
      copies.add(
          new ProcessBuilder("cat", folder.logs().resolve(name).toString())
              .redirectOutput(file(name).toFile())
              .start());
    }
  }

  private Path file(String name) {
    return folder.logs().resolve(name + ".log");
  }

  /** What came by now. */
  public String soFar(String name) throws IOException {
    return Files.readString(file(name));
  }

  /** What the run wrote in all; it has ended. */
  public String whole(String name) throws IOException, InterruptedException {
    // Whoever opens it once more and closes it is the last one, also where nobody else did.
    new ProcessBuilder("/bin/sh", "-c", ": 1<>\"$0\"", folder.logs().resolve(name).toString())
        .start()
        .waitFor();
    if (!copies.get(RunPipes.NAMES.indexOf(name)).waitFor(60, TimeUnit.SECONDS)) {
      throw new AssertionError("somebody still has the pipe");
    }
    return soFar(name);
  }

  @Override
  public void close() {
    copies.forEach(Process::destroyForcibly);
  }
}
