package dev.millrace.worker.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders as user code may leave them. */
class TreesTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  @TempDir Path folder;

  /** A folder whose innermost folders have no path, made as user code would make it. */
  static void deep(Path root, int levels) throws IOException, InterruptedException {
    String script =
        "n=$(printf 'd%.0s' $(seq 200)); i=0; while [ $i -lt "
            + levels
            + " ]; do mkdir \"$n\" && cd -P \"$n\" || exit 1; i=$((i+1)); done; echo x >file";
    Process process =
        new ProcessBuilder("/bin/bash", "-c", script)
            .directory(Files.createDirectories(root).toFile())
            .redirectErrorStream(true)
            .start();
    String said =
        new String(
            process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
  }

  @Test
  void aFolderDeeperThanAnyPathGoes() throws IOException, InterruptedException {
    Path root = folder.resolve("run");
    deep(root.resolve("work"), 60);
    Trees.delete(root);
    assertFalse(Files.exists(root));
  }

  @Test
  void foldersThatKeepTheirOwnerOutGo() throws IOException {
    Path root = folder.resolve("run");
    Path shut = Files.createDirectories(root.resolve("a/shut/in"));
    Files.createFile(shut.resolve("file"));
    Files.setPosixFilePermissions(shut, PosixFilePermissions.fromString("r-x------"));
    Files.setPosixFilePermissions(
        root.resolve("a/shut"), PosixFilePermissions.fromString("---------"));
    Trees.delete(root);
    assertFalse(Files.exists(root));
  }

  @Test
  void manyFilesGoAndLinksAreNotFollowed() throws IOException {
    Path kept = Files.createDirectories(folder.resolve("kept"));
    Files.createFile(kept.resolve("file"));
    Path root = Files.createDirectories(folder.resolve("run/many")).getParent();
    for (int i = 0; i < 5_000; i++) {
      Files.createFile(root.resolve("many/f" + i));
    }
    Files.createSymbolicLink(root.resolve("link"), kept);
    Trees.delete(root);
    assertFalse(Files.exists(root));
    assertTrue(Files.exists(kept.resolve("file")));
    Files.createSymbolicLink(root, kept);
    Trees.delete(root);
    assertFalse(Files.exists(root, LinkOption.NOFOLLOW_LINKS));
    assertTrue(Files.exists(kept.resolve("file")));
    Trees.delete(root);
  }

  @Test
  void sizesAreFoundWithinTheirTimeAlsoWhereThereIsNoPath()
      throws IOException, InterruptedException {
    Path root = folder.resolve("run");
    deep(root, 40);
    Files.write(root.resolve("file"), new byte[1_000]);
    assertEquals(1_002, TreeSize.bytes(root, LONG));
    assertEquals(0, TreeSize.bytes(root, Duration.ZERO));
    assertEquals(0, TreeSize.bytes(folder.resolve("none"), LONG));
    Trees.delete(root);
  }

  @Test
  void whatIsThrownAwayIsGoneFromItsPlaceAtOnce() throws IOException {
    Path root = Files.createDirectories(folder.resolve("runs/one"));
    Files.createFile(root.resolve("file"));
    Trash trash = new Trash(folder.resolve("trash"));
    trash.take(root);
    assertFalse(Files.exists(root));
    trash.empty();
    assertNull(trash.trouble());
    try (DirectoryStream<Path> left = Files.newDirectoryStream(folder.resolve("trash"))) {
      assertFalse(left.iterator().hasNext());
    }
  }

  @Test
  void whatCannotBeRemovedIsTold() {
    // Nobody can remove anything there.
    Trash trash = new Trash(Path.of("/proc/self/ns"));
    trash.empty();
    assertNotNull(trash.trouble());
    assertTrue(trash.trouble().contains("/proc/self/ns/"), trash::trouble);
  }
}
