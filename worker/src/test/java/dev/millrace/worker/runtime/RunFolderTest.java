package dev.millrace.worker.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Small files that user code may have made large. */
@Timeout(60)
class RunFolderTest {
  @TempDir Path folder;

  @Test
  void aSmallFileIsReadWholeAndALargeOneIsNot() throws IOException {
    Path file = folder.resolve("exit");
    assertEquals(Optional.empty(), RunFolder.text(file));
    Files.write(file, "3 ä\n".getBytes(StandardCharsets.UTF_8));
    assertEquals(Optional.of("3 ä\n"), RunFolder.text(file));
    try (RandomAccessFile large = new RandomAccessFile(file.toFile(), "rw")) {
      large.setLength(1L << 33);
    }
    String text = RunFolder.text(file).orElse("");
    assertTrue(text.startsWith("3 ä\n"));
    assertTrue(text.length() < 5_000);
  }

  @Test
  void whatIsNoTextIsNoError() throws IOException {
    Path file = folder.resolve("exit");
    Files.write(file, new byte[] {(byte) 0xff, 'x'});
    assertEquals(Optional.of("\ufffdx"), RunFolder.text(file));
  }

  @Test
  void whatIsNoFileIsNotOpened() throws IOException, InterruptedException {
    Files.writeString(folder.resolve("secret"), "secret");
    Files.createSymbolicLink(folder.resolve("link"), folder.resolve("secret"));
    assertEquals(Optional.empty(), RunFolder.text(folder.resolve("link")));
    Path pipe = folder.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    assertEquals(Optional.empty(), RunFolder.text(pipe));
    assertEquals(Optional.empty(), RunFolder.text(folder));
  }
}
