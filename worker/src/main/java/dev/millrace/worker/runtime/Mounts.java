package dev.millrace.worker.runtime;

import dev.millrace.worker.wire.Assignment;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/**
 * The folders of this machine that a run may see. Each is what its path really leads to, below a
 * folder that the group allows; what starts the run compares once more what it has mounted, so that
 * nobody can put a link in between.
 */
public final class Mounts {
  /** What no run gets, with all that is below. */
  private static final List<String> SYSTEM =
      List.of(
          "/bin",
          "/boot",
          "/dev",
          "/etc",
          "/lib",
          "/lib32",
          "/lib64",
          "/libx32",
          "/proc",
          "/root",
          "/run",
          "/sbin",
          "/sys",
          "/usr",
          "/var/lib/containerd",
          "/var/lib/docker",
          "/var/run");

  private static final List<String> OF_RUNS = List.of("/.millrace", "/tmp", "/valohai");

  private Mounts() {}

  /**
   * A checked mount.
   *
   * @param source the real path
   * @param identity the file system and the place in it, as /proc/self/mountinfo will show it
   */
  public record Checked(String source, String destination, boolean readOnly, String identity) {

    /** A line for the script that starts the run; {@code point} is where it will be mounted. */
    public String line(String point) {
      return String.join(
          "\t", readOnly ? "ro" : "rw", identity, MountTable.escape(point), source, destination);
    }

    /** What users read. */
    public String words() {
      return destination + ": mounted " + source + (readOnly ? " (read-only)" : "");
    }
  }

  /** Looks at each mount of the assignment as the machine is now. */
  public static List<Checked> check(RunSpec spec) throws IOException, LaunchException {
    Assignment assignment = spec.assignment();
    List<Checked> checked = new ArrayList<>();
    if (assignment.mounts().isEmpty()) {
      return checked;
    }
    List<Path> allowed = new ArrayList<>();
    for (String folder : assignment.mountAllow()) {
      Path path = Path.of(folder);
      if (path.isAbsolute() && Files.isDirectory(path)) {
        allowed.add(path.toRealPath());
      }
    }
    Path worker = spec.folder().root().toRealPath().resolve("../..").normalize();
    MountTable table = MountTable.read();
    for (Assignment.Mount mount : assignment.mounts()) {
      Path source = source(mount, allowed, worker);
      checkDestination(mount);
      if (mount.readOnly() && table.below(source)) {
        throw refused(
            mount, "there are other file systems mounted below it, which would not be read-only");
      }
      checked.add(
          new Checked(
              source.toString(), mount.destination(), mount.readOnly(), table.identity(source)));
    }
    return checked;
  }

  /**
   * Those first that change folders nearest to the root: what the script makes for a later one must
   * not cover an earlier one.
   */
  static List<Checked> outerFirst(List<Checked> mounts) {
    return mounts.stream()
        .sorted(
            Comparator.comparingInt((Checked m) -> existing(Path.of(m.destination())))
                .thenComparingInt(m -> Path.of(m.destination()).getNameCount()))
        .toList();
  }

  /** How many names of a path this machine has. */
  private static int existing(Path path) {
    Path at = path;
    while (at.getParent() != null && !Files.isDirectory(at)) {
      at = at.getParent();
    }
    return at.getNameCount();
  }

  /** Writes the lines that the script reads; its folder must be the worker's alone. */
  static void write(Path file, List<String> lines) throws IOException {
    Files.write(file, lines, StandardCharsets.UTF_8);
  }

  private static Path source(Assignment.Mount mount, List<Path> allowed, Path worker)
      throws IOException, LaunchException {
    Path path = plain(mount, mount.source());
    if (!Files.exists(path)) {
      throw refused(mount, "this machine has no such folder");
    }
    Path real = path.toRealPath();
    String leads = real.equals(path) ? "" : "it leads to " + real + ", and ";
    if (allowed.stream().noneMatch(real::startsWith)) {
      throw refused(mount, leads + "the environment does not allow that folder");
    }
    if (touches(real, SYSTEM) || real.startsWith(worker) || worker.startsWith(real)) {
      throw refused(mount, leads + "that is a place of the system or of Millrace");
    }
    if (!Files.isDirectory(real)) {
      throw refused(mount, leads + "that is no folder");
    }
    return real;
  }

  /**
   * The folders above the destination belong to the machine: none of them may be a link, nor one
   * that others can change meanwhile.
   */
  private static void checkDestination(Assignment.Mount mount) throws IOException, LaunchException {
    Path path = plain(mount, mount.destination());
    if (touches(path, SYSTEM) || touches(path, OF_RUNS)) {
      throw refused(mount, "its destination is a place of the system or of Millrace");
    }
    for (Path above = path.getParent();
        above != null && above.getNameCount() > 0;
        above = above.getParent()) {
      if (!Files.exists(above, LinkOption.NOFOLLOW_LINKS)) {
        continue;
      }
      if (!Files.isDirectory(above, LinkOption.NOFOLLOW_LINKS)) {
        throw refused(mount, above + ", where it would be, is no folder on this machine");
      }
      Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(above);
      if (permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
        throw refused(
            mount, above + ", where it would be, can be changed by everybody on this machine");
      }
    }
  }

  private static Path plain(Assignment.Mount mount, String text) throws LaunchException {
    Path path = Path.of(text.indexOf('\0') < 0 ? text : "");
    if (!path.isAbsolute()
        || !path.normalize().toString().equals(text)
        || text.codePoints().anyMatch(Character::isISOControl)) {
      throw refused(mount, "its paths must be absolute, without . and ..");
    }
    return path;
  }

  private static boolean touches(Path path, List<String> places) {
    return places.stream()
        .map(Path::of)
        .anyMatch(place -> path.startsWith(place) || place.startsWith(path));
  }

  private static LaunchException refused(Assignment.Mount mount, String why) {
    return new LaunchException(
        "input",
        "The folder "
            + mount.source()
            + " cannot be mounted at "
            + mount.destination()
            + ": "
            + why
            + ". Take it out of the step's mounts, or ask the administrator of the machines.");
  }
}
