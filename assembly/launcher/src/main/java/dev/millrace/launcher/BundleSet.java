package dev.millrace.launcher;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The jars of {@code bundles/<level>/}, in the order of their levels. */
record BundleSet(List<Entry> entries) {
  /** One jar and the start level of its folder. */
  record Entry(Path jar, int level) {
    String location() {
      return "reference:" + jar.toUri();
    }
  }

  static BundleSet scan(Path bundles) throws Refusal {
    List<Entry> entries = new ArrayList<>();
    try {
      for (Path folder : list(bundles)) {
        String name = String.valueOf(folder.getFileName());
        if (Files.isDirectory(folder) && name.matches("\\d{1,2}")) {
          for (Path jar : list(folder)) {
            if (jar.toString().endsWith(".jar")) {
              entries.add(new Entry(jar, Integer.parseInt(name)));
            }
          }
        }
      }
    } catch (IOException e) {
      throw new Refusal("The bundles in " + bundles + " cannot be read: " + e);
    }
    if (entries.isEmpty()) {
      throw new Refusal("There are no bundles in " + bundles + ". Unpack the distribution again.");
    }
    return new BundleSet(List.copyOf(entries));
  }

  /**
   * Changes whenever a jar does. Archives carry one fixed modification time, so the time at which
   * the file's entry was made counts too.
   */
  String fingerprint() throws IOException {
    boolean unix = FileSystems.getDefault().supportedFileAttributeViews().contains("unix");
    StringBuilder text = new StringBuilder();
    for (Entry entry : entries) {
      text.append(entry.level())
          .append(' ')
          .append(entry.jar())
          .append(' ')
          .append(Files.size(entry.jar()))
          .append(' ')
          .append(Files.getLastModifiedTime(entry.jar()).toMillis())
          .append(' ')
          .append(unix ? Files.getAttribute(entry.jar(), "unix:ctime") : "")
          .append('\n');
    }
    return text.toString();
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> paths = Files.list(folder)) {
      return paths.sorted().toList();
    }
  }
}
