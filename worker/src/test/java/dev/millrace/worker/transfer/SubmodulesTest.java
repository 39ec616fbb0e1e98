package dev.millrace.worker.transfer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Submodules as a commit names them. */
class SubmodulesTest {
  @TempDir Path folder;

  private List<String> missing(String text) throws IOException {
    Files.writeString(folder.resolve(".gitmodules"), text);
    return assertTimeoutPreemptively(Duration.ofSeconds(30), () -> Submodules.missing(folder));
  }

  @Test
  void foldersThatAreEmptyOrNotThereAreNamed() throws IOException {
    Files.createDirectories(folder.resolve("full/in"));
    Files.createDirectories(folder.resolve("empty"));
    assertEquals(
        List.of("empty", "lib/other one", "last"),
        missing(
            "[submodule \"x\"]\n\tpath = empty\n  path=full\r\n\tpath =  lib/other one \r\n"
                + "\tpathology = no\n\turl = path = no\n\tpath = ../out\n\tpath =\n\tpath = last"));
  }

  @Test
  void aLineOfBlanksCostsNoTime() throws IOException {
    assertEquals(List.of(), missing("path = a" + " ".repeat(1_000_000) + "b\n"));
    assertEquals(List.of("c"), missing("path = a" + " ".repeat(150_000) + "b\npath = c\n"));
    assertEquals(List.of("c"), missing((" ".repeat(4_000) + "\n").repeat(200) + "path = c"));
  }
}
