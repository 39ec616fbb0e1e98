package dev.millrace.rules;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The rooms of the repository: a folder with a pom and main sources, and the classes built from it.
 */
record Rooms(List<Path> folders) {
  private static final Path ROOT = Path.of("../..").toAbsolutePath().normalize();

  static Path root() {
    return ROOT;
  }

  static Rooms all() throws IOException {
    List<Path> folders = new ArrayList<>();
    try (Stream<Path> paths = Files.walk(ROOT, 3)) {
      paths
          .filter(path -> Files.exists(path.resolve("pom.xml")))
          .filter(path -> Files.isDirectory(path.resolve("src/main/java")))
          .sorted()
          .forEach(folders::add);
    }
    if (folders.isEmpty()) {
      throw new IOException("no rooms below " + ROOT);
    }
    return new Rooms(List.copyOf(folders));
  }

  static Rooms of(String... names) {
    return new Rooms(Stream.of(names).map(ROOT::resolve).toList());
  }

  JavaClasses classes() {
    return new ClassFileImporter()
        .importPaths(folders.stream().map(f -> f.resolve("target/classes")).toList());
  }

  /** Every Java source file below the given folder of each room. */
  List<Path> sources(String below) throws IOException {
    List<Path> sources = new ArrayList<>();
    for (Path folder : folders) {
      if (Files.isDirectory(folder.resolve(below))) {
        try (Stream<Path> paths = Files.walk(folder.resolve(below))) {
          paths.filter(path -> path.toString().endsWith(".java")).sorted().forEach(sources::add);
        }
      }
    }
    return sources;
  }
}
