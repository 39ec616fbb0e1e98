package dev.millrace.worker.run;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;

/** Changes whole folders, never through a link. */
public final class Trees {
  private Trees() {}

  /** Removes a folder and all in it; what is gone already is no error. */
  public static void delete(Path root) throws IOException {
    TreeRemoval.remove(root);
  }

  /** Gives a folder and all in it to a user. */
  static void own(Path root, int uid) throws IOException {
    each(root, path -> chown(path, uid));
  }

  /** Gives one file to a user. */
  static void chown(Path path, int uid) throws IOException {
    for (Map.Entry<String, Integer> one : Map.of("unix:uid", uid, "unix:gid", uid).entrySet()) {
      Files.setAttribute(path, one.getKey(), one.getValue(), LinkOption.NOFOLLOW_LINKS);
    }
  }

  private interface Change {
    void apply(Path path) throws IOException;
  }

  private static void each(Path root, Change change) throws IOException {
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes a)
              throws IOException {
            change.apply(folder);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes a) throws IOException {
            change.apply(file);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
