package dev.millrace.worker;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A real worker in a process of its own, so that it can be killed. */
final class WorkerProcess implements AutoCloseable {
  private final Process process;
  private final Path output;

  private WorkerProcess(Process process, Path output) {
    this.process = process;
    this.output = output;
  }

  static WorkerProcess start(URI master, Path dir, String... more) throws IOException {
    return start(List.of(), System.getProperty("java.class.path"), master, dir, more);
  }

  static WorkerProcess start(
      List<String> prefix, String classPath, URI master, Path dir, String... more)
      throws IOException {
    List<String> command = new ArrayList<>(prefix);
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-Xmx64m",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            classPath,
            "dev.millrace.worker.WorkerMain",
            "run",
            "--dir",
            dir.toString(),
            "--master",
            master.toString(),
            "--slots",
            "2"));
    command.addAll(List.of(more));
    if (!command.contains("--runtimes")) {
      command.addAll(List.of("--runtimes", "process"));
    }
    Path output = Files.createTempFile("worker", ".log");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try (OutputStream in = process.getOutputStream()) {
      in.write((FakeMaster.TOKEN + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      // A worker that has its credential does not read.
    }
    return new WorkerProcess(process, output);
  }

  /** The exit code of {@code remove}. */
  static int remove(Path dir) throws IOException, InterruptedException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            "dev.millrace.worker.WorkerMain",
            "remove",
            "--dir",
            dir.toString())
        .inheritIO()
        .start()
        .waitFor();
  }

  void kill9() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  int awaitExit() throws InterruptedException {
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      throw new AssertionError("the worker does not end");
    }
    return process.exitValue();
  }

  String output() throws IOException {
    return Files.readString(output);
  }

  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }
}
