package dev.millrace.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DataFolderTest {
  @TempDir Path folder;

  @Test
  void aSecondMasterIsRefusedUntilTheFirstHasGone() throws Exception {
    Path data = folder.resolve("data");
    try (DataFolder first = DataFolder.open(data)) {
      assertEquals(
          "rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(first.path())));
      Refusal refusal = assertThrows(Refusal.class, () -> DataFolder.open(data));
      assertTrue(refusal.getMessage().contains("MILLRACE_DATA"), refusal.getMessage());
    }
    DataFolder.open(data).close();
  }

  @Test
  void whatAKilledMasterHadHalfReceivedGoesAtTheNextStart() throws Exception {
    Path left = Files.createDirectories(folder.resolve("uploads")).resolve("code-1.tgz");
    Files.writeString(left, "half");
    try (DataFolder data = DataFolder.open(folder)) {
      assertFalse(Files.exists(left));
      Files.writeString(left, "another's");
      assertThrows(Refusal.class, () -> DataFolder.open(data.path()));
      assertTrue(Files.exists(left), "the folder is held by another master");
    }
  }

  @Test
  void theStateIsToldWhileTheMasterLives() throws Exception {
    Path state = folder.resolve("run/master");
    try (DataFolder data = DataFolder.open(folder)) {
      data.tell("running", "http://127.0.0.1:8000");
      assertTrue(Files.readAllLines(state).contains("state=running"));
      assertTrue(Files.readAllLines(state).contains("address=http://127.0.0.1:8000"));
      assertTrue(Files.readAllLines(state).contains("pid=" + ProcessHandle.current().pid()));
    }
    assertFalse(Files.exists(state));
  }
}
