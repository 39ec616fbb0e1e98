package dev.millrace.worker.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A worker whose threads break. */
class EssentialTest {

  /** Would live for ever after its thread has broken. */
  static final class Program {
    public static void main(String[] arguments) throws InterruptedException {
      Essential.start(
          "beat",
          () -> {
            throw new StackOverflowError("as if");
          });
      new CountDownLatch(1).await();
    }
  }

  @TempDir Path folder;

  @Test
  void aThreadThatBreaksEndsTheProcess() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Program.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("log").toFile())
            .start();
    boolean ended = process.waitFor(60, TimeUnit.SECONDS);
    process.destroyForcibly();
    String said = Files.readString(folder.resolve("log"));
    assertTrue(ended, said);
    assertEquals(1, process.exitValue());
    assertTrue(said.contains("thread=beat"), said);
  }
}
