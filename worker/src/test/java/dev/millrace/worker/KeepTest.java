package dev.millrace.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code millrace-worker keep} with a worker that ends as its script says. */
@Timeout(120)
class KeepTest {
  @TempDir Path folder;

  private Path dir;
  private Path started;

  @BeforeEach
  void install() throws IOException {
    dir = Files.createDirectories(folder.resolve("worker"));
    started = folder.resolve("started");
    Files.createFile(started);
    Path bin = Files.createDirectories(folder.resolve("dist/bin"));
    Path runtime = Files.createDirectories(folder.resolve("dist/runtime/bin"));
    Files.copy(Path.of("src/main/dist/millrace-worker"), bin.resolve("millrace-worker"));
    Files.writeString(
        runtime.resolve("java"),
        "#!/bin/sh\necho x >>\""
            + started
            + "\"\nn=$(wc -l <\""
            + started
            + "\")\neval \"$(sed -n \"${n}p\" \""
            + folder.resolve("life")
            + "\")\"\n");
    for (Path program : List.of(bin.resolve("millrace-worker"), runtime.resolve("java"))) {
      Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }

  /** Starts it; the worker's lives go as these commands of a shell. */
  private Process keep(String... lives) throws IOException {
    Files.write(folder.resolve("life"), List.of(lives));
    return new ProcessBuilder(
            folder.resolve("dist/bin/millrace-worker").toString(), "keep", "--dir", dir.toString())
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("log").toFile())
        .start();
  }

  private int starts() throws IOException {
    return Files.readAllLines(started).size();
  }

  private void joined() throws IOException {
    Files.createFile(dir.resolve("credential"));
  }

  @Test
  void aWorkerThatBreaksOrIsKilledIsStartedAgain() throws Exception {
    joined();
    assertEquals(0, keep("exit 1", "kill -9 $$", "exit 76", "exit 0").waitFor());
    assertEquals(4, starts());
    String log = Files.readString(folder.resolve("log"));
    assertTrue(log.contains("code 1; it is started again in 1 s"), log);
    assertTrue(log.contains("code 137; it is started again in 2 s"), log);
  }

  @Test
  void aWorkerThatIsRefusedOrStoppedIsNot() throws Exception {
    joined();
    for (String end : List.of("exit 3", "exit 75", "exit 2", "kill -TERM $$")) {
      Files.write(started, List.of());
      int code = keep(end, "exit 9").waitFor();
      assertTrue(List.of(2, 3, 75, 143).contains(code), () -> end + " " + code);
      assertEquals(1, starts());
    }
  }

  @Test
  void aWorkerThatBreaksBeforeItHasJoinedShowsItAtOnce() throws Exception {
    assertEquals(1, keep("exit 1", "exit 0").waitFor());
    assertEquals(1, starts());
  }

  @Test
  void aStopEndsTheWaitForTheNextStart() throws Exception {
    joined();
    Process keep = keep("exit 1", "exit 1", "exit 1", "exit 1", "exit 1", "exit 1", "exit 1");
    while (starts() < 3) {
      assertTrue(keep.isAlive());
      keep.waitFor(50, TimeUnit.MILLISECONDS);
    }
    keep.destroy();
    keep.waitFor();
    assertTrue(starts() < 6);
  }
}
