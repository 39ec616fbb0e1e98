package dev.millrace.worker;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What the machine has. */
record Machine(String arch, int cpus, long memoryMiB, List<String> gpus) {

  static Machine look() throws IOException {
    long kiB = 0;
    for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
      if (line.startsWith("MemTotal:")) {
        kiB = Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    return new Machine(
        System.getProperty("os.arch", "amd64"),
        Runtime.getRuntime().availableProcessors(),
        kiB / 1024,
        models());
  }

  /** Models, in the order of their numbers. */
  private static List<String> models() throws IOException {
    List<String> gpus = new ArrayList<>();
    Path driver = Path.of("/proc/driver/nvidia/gpus");
    if (!Files.isDirectory(driver)) {
      return gpus;
    }
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(driver)) {
      for (Path folder : folders) {
        for (String line : Files.readAllLines(folder.resolve("information"))) {
          if (line.startsWith("Model:")) {
            gpus.add(line.substring(6).strip());
          }
        }
      }
    }
    return gpus;
  }
}
