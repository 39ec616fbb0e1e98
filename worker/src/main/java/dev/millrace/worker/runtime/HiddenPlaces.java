package dev.millrace.worker.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

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

  /** What services share; the home of one may be below. */
  private static final List<String> SHARED =
      List.of(
          "/var/cache", "/var/lib", "/var/local", "/var/log", "/var/opt", "/var/spool", "/var/www");

  private HiddenPlaces() {}

  /** Those of this machine, and those that the worker was told. */
  static List<Path> of(List<Path> told, Path home, int uid) throws IOException {
    Set<Path> found = new LinkedHashSet<>();
    for (Path path : ALWAYS.stream().map(Path::of).toList()) {
      add(found, path);
    }
    for (Path path : Untrusted.SOCKETS.stream().map(Path::of).toList()) {
      add(found, path);
    }
    if (PROGRAMS.stream().noneMatch(home::startsWith) && homeStaysSeen(home, uid) == null) {
      add(found, home);
    }
    for (Path path : told) {
      add(found, path);
    }
    return new ArrayList<>(found);
  }

  /**
   * Why the home of the worker's user is not hidden, or null. That of a service may be a tree of
   * data which runs are there to read.
   */
  static @Nullable String homeStaysSeen(Path home, int uid) throws IOException {
    if (!home.isAbsolute() || home.getNameCount() == 0 || !Files.isDirectory(home)) {
      return null;
    }
    Path real = home.toRealPath();
    if (ALWAYS.stream().anyMatch(real::startsWith)
        || PROGRAMS.stream().anyMatch(real::startsWith)) {
      return null;
    }
    boolean own = Files.getAttribute(real, "unix:uid").equals(uid);
    if (own && real.getNameCount() > 1 && !SHARED.contains(real.toString())) {
      return null;
    }
    return "Process runs see "
        + home
        + ", the HOME of the worker's user: it is no folder of that user alone. Give the worker a"
        + " HOME of its own, or name what no run may see in --hide.";
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
