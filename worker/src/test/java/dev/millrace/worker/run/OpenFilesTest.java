package dev.millrace.worker.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpenFilesTest {
  @TempDir Path folder;

  @Test
  void whatAProcessHasOpenForWritingIsSeenUnderEveryName() throws Exception {
    String mark = "MILLRACE_RUN=" + folder.getFileName();
    Path written = Files.writeString(folder.resolve("written"), "x");
    Path read = Files.writeString(folder.resolve("read"), "x");
    Path link = Files.createLink(folder.resolve("link"), written);
    OpenFiles files = new OpenFiles(Path.of("/proc"), mark);
    assertFalse(files.look().complete(), "nobody of the run is there");
    ProcessBuilder builder =
        new ProcessBuilder("/bin/sh", "-c", "exec 3>>written 4<read; echo up; read line")
            .directory(folder.toFile());
    builder.environment().put("MILLRACE_RUN", String.valueOf(folder.getFileName()));
    Process process = builder.start();
    try {
      assertEquals('u', process.getInputStream().read());
      OpenFiles.Seen seen = files.look();
      assertTrue(seen.complete());
      assertTrue(seen.written(key(written)));
      assertTrue(seen.written(key(link)));
      assertFalse(seen.written(key(read)));
    } finally {
      process.getOutputStream().close();
      process.waitFor();
    }
    assertFalse(files.look().written(key(written)));
  }

  private static Object key(Path file) throws IOException {
    return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
  }
}
