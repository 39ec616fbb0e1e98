package dev.millrace.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

final class SourcesTest {
  private static final Logger LOG = LoggerFactory.getLogger(SourcesTest.class);
  private static final int A_QUESTION = 400;
  private static final int A_BUG = 800;
  private static final Pattern CLOUD =
      Pattern.compile("(?i)\\b(aws|amazon|ec2|azure|gcp|openstack|google|gce|swift)\\b");

  @Test
  void noFileIsLongerThan800Lines() throws Exception {
    List<String> bugs = new ArrayList<>();
    Rooms rooms = Rooms.all();
    List<Path> sources = new ArrayList<>(rooms.sources("src/main/java"));
    sources.addAll(rooms.sources("src/test/java"));
    for (Path source : sources) {
      int lines = Files.readAllLines(source).size();
      if (lines > A_BUG) {
        bugs.add(Rooms.root().relativize(source) + " has " + lines + " lines");
      } else if (lines > A_QUESTION) {
        LOG.warn("long file={} lines={}", Rooms.root().relativize(source), lines);
      }
    }
    assertEquals(List.of(), bugs);
  }

  @Test
  void aPackageLivesInOneRoom() throws Exception {
    Map<String, Set<String>> rooms = new TreeMap<>();
    for (Path room : Rooms.all().folders()) {
      Path main = room.resolve("src/main/java");
      for (Path source : new Rooms(List.of(room)).sources("src/main/java")) {
        rooms
            .computeIfAbsent(
                String.valueOf(main.relativize(source).getParent()), p -> new TreeSet<>())
            .add(Rooms.root().relativize(room).toString());
      }
    }
    assertTrue(rooms.size() > 5, "packages found: " + rooms.keySet());
    rooms.values().removeIf(owners -> owners.size() == 1);
    assertEquals(Map.of(), rooms);
  }

  @Test
  void everyPackageSaysItsPurposeAndIsNullMarked() throws Exception {
    Set<String> silent = new TreeSet<>();
    for (Path source : Rooms.all().sources("src/main/java")) {
      Path info = source.resolveSibling("package-info.java");
      String text = Files.exists(info) ? Files.readString(info) : "";
      if (!text.contains("@NullMarked") || !text.startsWith("/**")) {
        silent.add(String.valueOf(Rooms.root().relativize(source).getParent()));
      }
    }
    assertEquals(Set.of(), silent);
  }

  @Test
  void nothingInCoreNamesACloud() throws Exception {
    List<String> found = new ArrayList<>();
    for (Path source : Rooms.of("core/engine", "core/persistence").sources("src/main/java")) {
      for (String line : Files.readAllLines(source)) {
        if (CLOUD.matcher(line).find()) {
          found.add(Rooms.root().relativize(source) + ": " + line.strip());
        }
      }
    }
    assertEquals(List.of(), found);
  }

  @Test
  void interfacesOfSpiHaveSevenMethodsAtMost() {
    List<JavaClass> roles =
        Rooms.of("spi").classes().stream()
            .filter(type -> type.isAnnotatedWith("org.osgi.annotation.versioning.ConsumerType"))
            .toList();
    assertTrue(roles.size() >= 3, "roles found: " + roles);
    List<String> fat =
        roles.stream()
            .filter(type -> type.getMethods().size() > 7)
            .map(JavaClass::getName)
            .toList();
    assertEquals(List.of(), fat);
  }

  /** What an author writes: without imports, comments, blank lines, lone brackets and @Override. */
  @Test
  void aWholePluginFitsInAClassOf50LinesAPomOf15AndATestOf15() throws Exception {
    Path plugin = Rooms.root().resolve("examples/plugin");
    Path code = plugin.resolve("src/main/java/org/example/orders/MachineOrders.java");
    Path test = plugin.resolve("src/test/java/org/example/orders/MachineOrdersTest.java");
    Pattern noise =
        Pattern.compile("\\s*(|import .*|package .*|/\\*\\*.*|\\* .*|\\*/|@Override|[{}()\\];,]+)");
    for (Map.Entry<Path, Integer> goal : Map.of(code, 50, test, 15).entrySet()) {
      long lines =
          Files.readAllLines(goal.getKey()).stream()
              .filter(line -> !noise.matcher(line).matches())
              .count();
      assertTrue(lines >= 5, goal.getKey() + " has " + lines + " lines");
      assertTrue(lines <= goal.getValue(), goal.getKey() + " has " + lines + " lines");
      LOG.info("sample={} lines={}", goal.getKey().getFileName(), lines);
    }
    int pom = Files.readAllLines(plugin.resolve("pom.xml")).size();
    assertTrue(pom <= 15, "the pom has " + pom + " lines");
  }
}
