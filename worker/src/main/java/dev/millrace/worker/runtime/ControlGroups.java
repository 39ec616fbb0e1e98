package dev.millrace.worker.runtime;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Groups of processes whose memory and number the kernel limits, one for each run, where this
 * machine lets the worker make them: version 1 beside the worker's own group, version 2 beside it
 * too, since a group with processes of its own cannot limit those below.
 */
final class ControlGroups {
  private static final Logger LOG = LoggerFactory.getLogger(ControlGroups.class);
  private static final String PREFIX = "millrace-";
  private static final long MIB = 1L << 20;
  private static final int MOST_PROCESSES = 16_384;

  private final Path mount;
  private final List<String> own;

  /** Those of this machine, for the worker that asks. */
  static ControlGroups here() throws IOException {
    return new ControlGroups(
        Path.of("/sys/fs/cgroup"),
        Files.readAllLines(Path.of("/proc/self/cgroup"), StandardCharsets.ISO_8859_1));
  }

  /**
   * @param own lines as of /proc/self/cgroup
   */
  ControlGroups(Path mount, List<String> own) {
    this.mount = mount;
    this.own = List.copyOf(own);
  }

  /** Makes the groups of a run; those that it is to join, none where none can be had. */
  List<Path> create(String run, long memoryMiB) {
    List<Path> made = new ArrayList<>();
    for (Path group : groups(run)) {
      try {
        Path parent = group.getParent();
        if (parent != null && Files.exists(parent.resolve("cgroup.subtree_control"))) {
          enable(parent);
        }
        if (!Files.isDirectory(group)) {
          Files.createDirectory(group);
        }
        if (limit(group, memoryMiB)) {
          made.add(group);
        } else {
          Files.delete(group);
        }
      } catch (IOException e) {
        LOG.debug("no control group at {} error={}", group, e.toString());
      }
    }
    return made;
  }

  /** Removes the groups of a run whose processes have gone. */
  void remove(String run) {
    for (Path group : groups(run)) {
      try {
        Files.deleteIfExists(group);
      } catch (IOException e) {
        LOG.debug("control group stays for now at {} error={}", group, e.toString());
      }
    }
  }

  /** Removes those of the runs whose folders are there, which have their names, but for some. */
  void sweep(Path runs, Set<String> but) throws IOException {
    if (!Files.isDirectory(runs)) {
      return;
    }
    try (Stream<Path> folders = Files.list(runs)) {
      folders
          .map(folder -> String.valueOf(folder.getFileName()))
          .filter(run -> !but.contains(run))
          .forEach(this::remove);
    }
  }

  private List<Path> groups(String run) {
    List<Path> found = new ArrayList<>();
    for (String line : own) {
      String[] parts = line.split(":", 3);
      if (parts.length < 3 || parts[2].contains("..")) {
        continue;
      }
      Path below = Path.of("/").relativize(Path.of(parts[2]));
      boolean second = parts[1].isEmpty();
      if (second && Files.exists(mount.resolve("cgroup.controllers"))) {
        Path at = mount.resolve(below);
        Path beside = at.equals(mount) ? mount : at.getParent();
        found.add((beside == null ? mount : beside).resolve(PREFIX + run));
      }
      for (String controller : List.of("memory", "pids")) {
        if (List.of(parts[1].split(",")).contains(controller)) {
          found.add(mount.resolve(parts[1]).resolve(below).resolve(PREFIX + run));
        }
      }
    }
    return found;
  }

  private static void enable(Path parent) {
    for (String controller : List.of("+memory", "+pids")) {
      try {
        write(parent.resolve("cgroup.subtree_control"), controller);
      } catch (IOException e) {
        LOG.debug("controller {} is not to be had error={}", controller, e.toString());
      }
    }
  }

  /** Whether at least one limit of the group was set. */
  private static boolean limit(Path group, long memoryMiB) throws IOException {
    boolean set = false;
    String bytes = Long.toString(memoryMiB * MIB);
    if (memoryMiB > 0) {
      for (String name : List.of("memory.max", "memory.limit_in_bytes")) {
        set |= write(group.resolve(name), bytes);
      }
      // No swap beside it, where swap is counted.
      write(group.resolve("memory.swap.max"), "0");
      write(group.resolve("memory.memsw.limit_in_bytes"), bytes);
    }
    return set | write(group.resolve("pids.max"), Integer.toString(MOST_PROCESSES));
  }

  private static boolean write(Path file, String text) throws IOException {
    if (!Files.exists(file)) {
      return false;
    }
    Files.writeString(file, text, StandardOpenOption.WRITE);
    return true;
  }
}
