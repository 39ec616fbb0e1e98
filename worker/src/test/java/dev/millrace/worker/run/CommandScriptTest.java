package dev.millrace.worker.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script that becomes user code. */
class CommandScriptTest {
  @TempDir Path dir;

  @Test
  void aStopThatCameBeforeUserCodeBeganKeepsItFromBeginning() throws Exception {
    CommandScript script = new CommandScript(List.of("echo ran > ran"));
    Files.writeString(dir.resolve("start"), script.start());
    Files.writeString(dir.resolve("command"), script.command());
    Files.writeString(
        dir.resolve("env"),
        CommandScript.environment(
            Map.of("VH_REPOSITORY_DIR", dir.toString(), "HOME", dir + "/home")));
    Files.writeString(dir.resolve("stopping"), "stop");
    assertEquals(130, exit());
    assertFalse(Files.exists(dir.resolve("ran")));
    Files.delete(dir.resolve("stopping"));
    assertEquals(0, exit());
    assertEquals("ran\n", Files.readString(dir.resolve("ran")));
  }

  @Test
  void variablesReachUserCodeAsTheyAreAndNothingOfThemIsRun() throws Exception {
    CommandScript script =
        new CommandScript(List.of("printf '%s|' \"$LD_PRELOAD\" \"$PATH\" \"$ODD\" > got"));
    Files.writeString(dir.resolve("start"), script.start());
    Files.writeString(dir.resolve("command"), script.command());
    Files.writeString(
        dir.resolve("env"),
        CommandScript.environment(
            Map.of(
                "VH_REPOSITORY_DIR",
                dir.toString(),
                "HOME",
                dir + "/home",
                "PATH",
                "/usr/bin:/bin:/mine",
                "LD_PRELOAD",
                "",
                "ODD",
                "'; touch '" + dir + "/ran'\n$(touch " + dir + "/ran) `id`")));
    assertEquals(0, exit());
    assertEquals(
        "|/usr/bin:/bin:/mine|'; touch '" + dir + "/ran'\n$(touch " + dir + "/ran) `id`|",
        Files.readString(dir.resolve("got")));
    assertFalse(Files.exists(dir.resolve("ran")), "a value was run");
  }

  private int exit() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder("/bin/sh", dir.resolve("start").toString(), dir.toString())
            .redirectErrorStream(true)
            .redirectOutput(dir.resolve("output").toFile())
            .start();
    assertEquals(true, process.waitFor(30, TimeUnit.SECONDS));
    return process.exitValue();
  }
}
