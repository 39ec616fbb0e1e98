package dev.millrace.worker.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a worker finds in an outputs folder, and what it says of the rest. */
class OutputScanTest {
  @TempDir Path folder;

  private final List<String> said = new ArrayList<>();
  private final Remarks remarks = new Remarks(said::add);

  private List<String> list(int most) throws IOException {
    List<String> found = new ArrayList<>();
    try (OutputList list = new OutputList(folder.resolveSibling("list"), most)) {
      new OutputTree(folder).list(output -> true, list, remarks);
      list.forEach(output -> found.add(output.path()));
    }
    return found;
  }

  @Test
  void aFolderThatIsTooDeepIsAProblemAndIsCalledAFolder() throws IOException {
    Path deep = Files.createDirectories(folder.resolve("e/".repeat(105)));
    Files.createFile(deep.resolve("lost.txt"));
    Files.createFile(folder.resolve("kept.txt"));
    assertEquals(List.of("kept.txt"), list(10));
    assertTrue(
        String.valueOf(remarks.problems()).contains("folders may be 100 deep"),
        () -> "" + remarks.problems());
    assertFalse(String.valueOf(remarks.problems()).contains("regular"));
  }

  @Test
  void noMoreFilesThanTheLimitAreHeldAndThatIsAProblem() throws IOException {
    for (int i = 0; i < 50; i++) {
      Files.createFile(folder.resolve("f" + i));
    }
    assertEquals(50, list(50).size());
    assertNull(remarks.problems());
    assertEquals(20, list(20).size());
    assertTrue(
        String.valueOf(remarks.problems()).contains("limit of 19 files"),
        () -> "" + remarks.problems());
  }

  @Test
  void whatIsNoFileIsSaidAndIsNoProblem() throws IOException {
    for (int i = 0; i < 25; i++) {
      Files.createSymbolicLink(folder.resolve("l" + i), Path.of("/etc/passwd"));
    }
    Files.createFile(folder.resolve("f.metadata.json"));
    assertEquals(List.of(), list(10));
    remarks.end();
    assertEquals(22, said.size());
    assertTrue(said.contains("And 5 more outputs that are not regular files."), () -> "" + said);
    assertNull(remarks.problems());
  }
}
