package dev.millrace.worker.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What a process run does not see of the machine although its user could: real paths. */
final class HiddenPlaces {
  /** Homes, sockets of engines and of the system bus, what users run, what engines keep. */
  private static final List<String> ALWAYS =
      List.of(
          "/home",
          "/root",
          "/run",
          "/var/run",
          "/var/lib/containerd",
          "/var/lib/containers",
          "/var/lib/docker",
          "/var/lib/kubelet");

  /** Without these nothing runs, wherever a home may be. */
  private static final List<String> NEEDED =
      List.of("/", "/bin", "/etc", "/lib", "/opt", "/sbin", "/usr", "/var");

  /** Whole trees of programs, which are no place for a home. */
  private static final List<String> PROGRAMS = List.of("/bin", "/etc", "/lib", "/sbin", "/usr");

  private HiddenPlaces() {}

  /** Those of this machine, and those that the worker was told. */
  static List<Path> of(List<Path> told, String home) throws IOException {
    Set<Path> found = new LinkedHashSet<>();
    for (Path path : ALWAYS.stream().map(Path::of).toList()) {
      add(found, path);
    }
    if (PROGRAMS.stream().noneMatch(Path.of(home)::startsWith)) {
      add(found, Path.of(home));
    }
    for (Path path : told) {
      add(found, path);
    }
    return new ArrayList<>(found);
  }

  private static void add(Set<Path> found, Path path) throws IOException {
    if (!path.isAbsolute() || !Files.exists(path)) {
      return;
    }
    Path real = path.toRealPath();
    if (!NEEDED.contains(real.toString()) && real.toString().indexOf('\n') < 0) {
      found.add(real);
    }
  }
}
