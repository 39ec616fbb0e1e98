package dev.millrace.worker.runtime;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The mounted file systems, as /proc/self/mountinfo lists them, oldest first. */
record MountTable(List<Entry> entries) {
  private static final int SHORTEST = 5;

  /**
   * One line.
   *
   * @param device major and minor number of the file system
   * @param root which part of the file system is seen
   * @param point where it is seen
   */
  record Entry(String device, String root, Path point) {}

  static MountTable read() throws IOException {
    List<Entry> entries = new ArrayList<>();
    for (String line :
        Files.readAllLines(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1)) {
      String[] fields = line.split(" ");
      if (fields.length >= SHORTEST) {
        entries.add(new Entry(fields[2], fields[3], Path.of(plain(fields[4]))));
      }
    }
    return new MountTable(entries);
  }

  /** The file system of a real path and its place in it, parted by a tab. */
  String identity(Path path) throws IOException {
    Entry found = null;
    for (Entry entry : entries) {
      // Of several at one place the last one is seen.
      if (path.startsWith(entry.point())
          && (found == null || entry.point().getNameCount() >= found.point().getNameCount())) {
        found = entry;
      }
    }
    if (found == null) {
      throw new IOException("no file system is mounted at " + path);
    }
    String below = escape(found.point().relativize(path).toString());
    String root = found.root().equals("/") ? "" : found.root();
    String place = below.isEmpty() ? found.root() : root + "/" + below;
    return found.device() + "\t" + place;
  }

  /** Whether something is mounted below a folder. */
  boolean below(Path folder) {
    return entries.stream()
        .anyMatch(e -> e.point().startsWith(folder) && !e.point().equals(folder));
  }

  /** As the kernel writes paths there. */
  static String escape(String path) {
    return path.replace("\\", "\\134")
        .replace(" ", "\\040")
        .replace("\t", "\\011")
        .replace("\n", "\\012");
  }

  private static String plain(String text) {
    String path =
        text.replace("\\040", " ")
            .replace("\\011", "\t")
            .replace("\\012", "\n")
            .replace("\\134", "\\");
    return new String(path.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }
}
