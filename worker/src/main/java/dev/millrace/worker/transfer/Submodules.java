package dev.millrace.worker.transfer;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Finds out which submodules a commit names and does not bring. */
final class Submodules {
  private static final int LONGEST = 4_096;
  private static final int MAX_BYTES = 1 << 20;
  private static final int MOST = 20;

  private Submodules() {}

  /** Folders that {@code .gitmodules} names within {@code root} and that are empty or not there. */
  static List<String> missing(Path root) throws IOException {
    Path file = root.resolve(".gitmodules");
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || Files.size(file) > MAX_BYTES) {
      return List.of();
    }
    List<String> missing = new ArrayList<>();
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      BoundedLines lines = new BoundedLines(in, LONGEST);
      while (missing.size() < MOST && lines.next()) {
        String name = path(lines);
        if (!name.isEmpty() && isMissing(root, name)) {
          missing.add(name);
        }
      }
    }
    return missing;
  }

  /** What a line gives as path, empty where it says something else or is longer than any path. */
  private static String path(BoundedLines line) {
    String text = new String(line.bytes(), 0, line.length(), StandardCharsets.UTF_8);
    int equals = text.indexOf('=');
    return equals >= 0 && text.substring(0, equals).strip().equals("path")
        ? text.substring(equals + 1).strip()
        : "";
  }

  private static boolean isMissing(Path root, String name) throws IOException {
    Path folder;
    try {
      folder = root.resolve(name).normalize();
    } catch (InvalidPathException e) {
      return false;
    }
    if (!folder.startsWith(root) || folder.equals(root)) {
      return false;
    }
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      return !Files.exists(folder, LinkOption.NOFOLLOW_LINKS);
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.findAny().isEmpty();
    }
  }
}
