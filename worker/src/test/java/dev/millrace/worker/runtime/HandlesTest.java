package dev.millrace.worker.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What user code may replace is not followed. */
class HandlesTest {
  @TempDir Path dir;
  private RunFolder folder;
  private Path victim;

  @BeforeEach
  void prepare() throws IOException {
    folder = new RunFolder(dir.resolve("run"));
    folder.create();
    victim = Files.writeString(dir.resolve("victim"), "as it was");
  }

  @Test
  void aStopIsMarkedOnceAndCanBeMarkedTwice() throws IOException {
    folder.markStopping();
    folder.markStopping();
    assertEquals("stop\n", Files.readString(folder.tools().resolve("stopping")));
  }

  @Test
  void aMarkIsNotWrittenThroughALink() throws IOException {
    Files.createSymbolicLink(folder.tools().resolve("stopping"), victim);
    folder.markStopping();
    assertEquals("as it was", Files.readString(victim));
  }

  @Test
  void aMarkDoesNotFollowALinkInItsFolders() throws IOException {
    Path elsewhere = Files.createDirectory(dir.resolve("elsewhere"));
    Files.delete(folder.tools());
    Files.createSymbolicLink(folder.tools(), elsewhere);
    assertThrows(IOException.class, folder::markStopping);
    assertFalse(Files.exists(elsewhere.resolve("stopping")));
  }

  @Test
  void theFolderOfAllRunsMayBeALink() throws IOException {
    Path real = Files.createDirectory(dir.resolve("real"));
    Path runs = Files.createSymbolicLink(dir.resolve("runs"), real);
    RunFolder linked = new RunFolder(runs.resolve("run"));
    linked.create();
    started(linked).interrupt();
    for (Path place : List.of(linked.state(), linked.tools())) {
      assertTrue(Files.exists(place.resolve("stopping")), place.toString());
    }
  }

  @Test
  void aMarkThatCannotBeWrittenIsNoReasonNotToStop() throws IOException {
    Files.delete(folder.tools());
    started(folder).interrupt();
    assertTrue(Files.exists(folder.state().resolve("stopping")));
  }

  private static ProcessRun started(RunFolder folder) {
    return new ProcessRun(new ProcessTable(), folder, true, "MILLRACE_RUN=none", 0, () -> {});
  }

  @Test
  void neitherTheFolderNorTheOneAboveItIsFollowed() throws IOException {
    Path elsewhere = Files.createDirectory(dir.resolve("elsewhere"));
    Files.createDirectory(elsewhere.resolve("outputs"));
    Files.delete(folder.outputs());
    Files.createSymbolicLink(folder.outputs(), elsewhere);
    assertThrows(IOException.class, () -> Handles.open(folder.outputs()).close());
    Files.move(folder.work(), dir.resolve("moved"));
    Files.createSymbolicLink(folder.work(), elsewhere);
    assertThrows(IOException.class, () -> Handles.open(folder.outputs()).close());
  }

  @Test
  void whatIsNoLinkIsOpened() throws IOException {
    Files.createFile(folder.outputs().resolve("made"));
    try (var open = Handles.open(folder.outputs())) {
      assertEquals("made", open.iterator().next().getFileName().toString());
    }
  }
}
