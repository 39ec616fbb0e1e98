package dev.millrace.worker.transfer;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Finds out which submodules a commit names and does not bring. */
final class Submodules {
  private static final Pattern PATH = Pattern.compile("(?m)^\\s*path\\s*=\\s*(\\S.*?)\\s*$");
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
    Matcher paths = PATH.matcher(new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
    while (paths.find() && missing.size() < MOST) {
      if (isMissing(root, paths.group(1))) {
        missing.add(paths.group(1));
      }
    }
    return missing;
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
