package dev.millrace.worker.runtime;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Why process runs could do here what only the worker may. */
final class Untrusted {
  private static final String REMEDY =
      " Use containers or a worker that is root. Or trust all who submit runs with what the worker's"
          + " user may do: write \"processes.trusted\": true into"
          + " conf/dev.millrace.provider.onprem~local.json (on another machine: start the worker with"
          + " --processes-trusted yes).";

  /** Sockets whose group is root by an engine of containers or of machines. */
  static final List<String> SOCKETS =
      List.of(
          "/run/docker.sock",
          "/run/podman/podman.sock",
          "/run/containerd/containerd.sock",
          "/run/crio/crio.sock",
          "/var/lib/incus/unix.socket",
          "/var/lib/lxd/unix.socket",
          "/var/snap/lxd/common/lxd/unix.socket");

  private Untrusted() {}

  /** The reason with its remedy, or null where runs are kept apart. */
  static @Nullable String reason(Isolation isolation, Path engine) {
    return reason(isolation, engine, SOCKETS.stream().map(Path::of).toList());
  }

  static @Nullable String reason(Isolation isolation, Path engine, List<Path> sockets) {
    if (!isolation.namespaced()) {
      return "This machine gives its worker no namespaces: a process run could read what other runs"
          + " and the worker have."
          + REMEDY;
    }
    if (isolation == Isolation.USER_NAMESPACE) {
      Path socket =
          Stream.concat(Stream.of(engine), sockets.stream())
              .filter(Untrusted::byGroup)
              .findFirst()
              .orElse(null);
      if (socket != null) {
        return "The worker's user is in the group of "
            + socket
            + ", which a process run here cannot be made to leave: it would be root by that engine."
            + REMEDY;
      }
    }
    return null;
  }

  /** Whether this process may use the socket because of a group beside its own. */
  private static boolean byGroup(Path socket) {
    try {
      if (!Files.exists(socket)) {
        return false;
      }
      String gid = String.valueOf(Files.getAttribute(socket, "unix:gid"));
      Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(socket);
      return permissions.containsAll(PosixFilePermissions.fromString("----w----"))
          && groups().anyMatch(gid::equals);
    } catch (IOException e) {
      // What cannot be looked at cannot be used.
      return false;
    }
  }

  private static Stream<String> groups() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status"), StandardCharsets.ISO_8859_1).stream()
        .filter(line -> line.startsWith("Groups:") || line.startsWith("Gid:"))
        .flatMap(
            line -> Arrays.stream(line.substring(line.indexOf(':') + 1).strip().split("\\s+")));
  }
}
