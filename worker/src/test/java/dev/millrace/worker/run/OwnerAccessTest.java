package dev.millrace.worker.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OwnerAccessTest {
  @TempDir Path folder;

  @Test
  void theOwnerIsLetIntoAFileAndAFolder() throws IOException {
    Path file = Files.writeString(folder.resolve("b.txt"), "x");
    Path below = Files.createDirectory(folder.resolve("below"));
    mode(file, "---------");
    mode(below, "---------");
    assertTrue(letIn("b.txt"));
    assertTrue(letIn("below"));
    assertEquals("r--------", mode(file));
    assertEquals("r-x------", mode(below));
    assertFalse(letIn("b.txt"), "there is nothing left to open");
  }

  @Test
  void aLinkIsNotFollowed() throws IOException {
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Path victim = Files.writeString(elsewhere.resolve("victim"), "x");
    mode(victim, "---------");
    Files.createSymbolicLink(folder.resolve("link"), victim);
    assertFalse(letIn("link"));
    assertEquals("---------", mode(victim));
  }

  private boolean letIn(String name) throws IOException {
    try (DirectoryStream<Path> open = Files.newDirectoryStream(folder)) {
      return OwnerAccess.letIn((SecureDirectoryStream<Path>) open, Path.of(name));
    }
  }

  private static void mode(Path file, String mode) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
  }

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }
}
