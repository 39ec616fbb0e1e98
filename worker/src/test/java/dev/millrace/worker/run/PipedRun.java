package dev.millrace.worker.run;

import dev.millrace.worker.runtime.RunFolder;
import dev.millrace.worker.runtime.RunPipes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The log side of a run: its folder, its pipes, whoever writes, and receivers that can be killed.
 */
final class PipedRun implements AutoCloseable {
  final RunFolder folder;
  final RunPipes pipes;
  private final List<Process> processes = new ArrayList<>();

  PipedRun(Path root) throws Exception {
    folder = new RunFolder(root);
    folder.create();
    pipes = new RunPipes(folder);
    pipes.create(-1);
  }

  RunLog log(long limit) throws IOException {
    return new RunLog(folder.logs(), List.of(), limit, Clock.systemUTC());
  }

  /** A shell whose two streams are the run's. */
  Process shell(String script) throws IOException {
    Process process =
        new ProcessBuilder(
                "/bin/sh",
                "-c",
                "exec 1<>\"$0/stdout\" 2<>\"$0/stderr\"; " + script,
                folder.logs().toString())
            .start();
    processes.add(process);
    return process;
  }

  /** A worker's receiver in a process of its own. */
  Process receiver() throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx32m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto",
                "-cp",
                System.getProperty("java.class.path"),
                PipedRun.class.getName(),
                folder.root().toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.root().resolve("receiver.log").toFile())
            .start();
    processes.add(process);
    return process;
  }

  /** Receives until it is killed. */
  public static void main(String[] args) throws Exception {
    RunFolder folder = new RunFolder(Path.of(args[0]));
    RunLog log = new RunLog(folder.logs(), List.of(), Long.MAX_VALUE, Clock.systemUTC());
    log.receive(new RunPipes(folder));
    new java.util.concurrent.CountDownLatch(1).await();
  }

  String text(String stream) throws IOException {
    return Files.readString(folder.logs().resolve(stream + ".log"), StandardCharsets.UTF_8);
  }

  static void await(Process process) throws InterruptedException {
    if (!process.waitFor(120, TimeUnit.SECONDS)) {
      throw new AssertionError("it does not end");
    }
  }

  @Override
  public void close() throws Exception {
    for (Process process : processes) {
      process.destroyForcibly().waitFor();
    }
    pipes.release();
  }
}
