package dev.millrace.worker.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which homes no run sees, and whose sockets make a group root. */
class HiddenPlacesTest {
  @TempDir Path dir;

  @Test
  void aHomeOfTheWorkersOwnIsHiddenAndATreeOfDataIsNot() throws Exception {
    int uid = RunUser.current().uid();
    Path home = dir.toRealPath();
    assertNull(HiddenPlaces.homeStaysSeen(home, uid));
    assertTrue(HiddenPlaces.of(List.of(), home, uid).contains(home));
    for (String shared : List.of("/var/lib", "/srv", "/mnt", "/var/cache")) {
      Path path = Path.of(shared);
      int owner = (Integer) Files.getAttribute(path, "unix:uid");
      String words = String.valueOf(HiddenPlaces.homeStaysSeen(path, owner));
      assertTrue(words.contains(shared) && words.contains("--hide"), words);
      assertFalse(HiddenPlaces.of(List.of(), path, owner).contains(path), shared);
    }
    assertNotNull(HiddenPlaces.homeStaysSeen(home, uid + 1), "another user's");
    Path link = Files.createSymbolicLink(dir.resolve("link"), Path.of("/var/lib"));
    assertNotNull(HiddenPlaces.homeStaysSeen(link, 0), "a link to what is shared");
    for (String none : List.of("/", "/nonexistent", "/usr/sbin", "/root", "")) {
      assertNull(HiddenPlaces.homeStaysSeen(Path.of(none), uid), none);
    }
  }

  @Test
  void aGroupThatIsRootByAnEngineOfMachinesIsNoticed() throws Exception {
    assertEquals(
        List.of(
            "/var/lib/incus/unix.socket",
            "/var/lib/lxd/unix.socket",
            "/var/snap/lxd/common/lxd/unix.socket"),
        Untrusted.SOCKETS.stream().filter(s -> s.startsWith("/var/")).toList());
    Path socket = Files.createFile(dir.resolve("unix.socket"));
    Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw----"));
    String reason =
        Untrusted.reason(Isolation.USER_NAMESPACE, Path.of("/nowhere"), List.of(socket));
    assertTrue(String.valueOf(reason).contains(socket.toString()), reason);
    assertNull(Untrusted.reason(Isolation.USER_NAMESPACE, Path.of("/nowhere"), List.of()));
    assertNull(Untrusted.reason(Isolation.ROOT_NAMESPACE, Path.of("/nowhere"), List.of(socket)));
  }
}
