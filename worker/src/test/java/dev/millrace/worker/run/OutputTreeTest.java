package dev.millrace.worker.run;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.worker.runtime.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputTreeTest {
  @TempDir Path dir;

  @Test
  void anOutputsFolderThatBecameALinkShowsNothingAndLosesNothing() throws IOException {
    RunFolder folder = new RunFolder(dir.resolve("run"));
    folder.create();
    Path worker = Files.createDirectory(dir.resolve("worker"));
    Path credential = Files.writeString(worker.resolve("credential"), "secret");
    OutputTree tree = new OutputTree(folder.outputs());
    Files.delete(folder.outputs());
    Files.createSymbolicLink(folder.outputs(), worker);
    assertThrows(IOException.class, () -> tree.open(List.of("credential")).close());
    OutputTree.Entry found = new OutputTree.Entry("credential", 6, 0, 0, false);
    assertThrows(IOException.class, () -> tree.remove(found, null));
    assertTrue(Files.exists(credential));
  }
}
