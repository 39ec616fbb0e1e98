package dev.millrace.worker.runtime;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whose control groups are removed. */
class ControlGroupsTest {
  @TempDir Path dir;

  @Test
  void aSweepRemovesThoseOfItsOwnRunsThatHaveEndedAndNoOthers() throws Exception {
    Path runs = Files.createDirectories(dir.resolve("runs"));
    Path memory = Files.createDirectories(dir.resolve("cgroup/memory/unit"));
    for (String run : List.of("ended", "going", "of-another-worker")) {
      Files.createDirectory(memory.resolve("millrace-" + run));
    }
    Files.createDirectory(runs.resolve("ended"));
    Files.createDirectory(runs.resolve("going"));
    ControlGroups groups = new ControlGroups(dir.resolve("cgroup"), List.of("4:memory:/unit"));
    groups.sweep(runs, Set.of("going"));
    groups.sweep(dir.resolve("none"), Set.of());
    assertFalse(Files.exists(memory.resolve("millrace-ended")));
    assertTrue(Files.exists(memory.resolve("millrace-going")));
    assertTrue(Files.exists(memory.resolve("millrace-of-another-worker")));
  }
}
