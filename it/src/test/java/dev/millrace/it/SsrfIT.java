package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A cloud's metadata address stays out of reach of what users name. The installation runs in a
 * network namespace of its own: that address is on its {@code lo}, with listeners of the test's
 * behind it, and there is no other network, so that nothing leaves even with the guard off.
 */
@Tag("ssrf")
class SsrfIT {
  @Test
  void theMetadataAddressIsNeverConnectedTo() throws IOException {
    String said = inside(false);
    assertEquals("0", connections(said), said);
  }

  @Test
  void withTheGuardOffEveryOneOfTheseReachesIt() throws IOException {
    assumeTrue(Machine.full(), "the run with the guard off is in ./check --full");
    String said = inside(true);
    assertTrue(Integer.parseInt(connections(said)) >= SsrfInside.ways(), said);
  }

  private static String connections(String said) {
    return said.replaceAll("(?s).*CONNECTIONS=(\\d+).*", "$1");
  }

  private static String inside(boolean open) throws IOException {
    Machine.require(Machine.isRoot(), "root, for a network namespace");
    Machine.require(
        Machine.has("unshare") && Machine.has("ip"),
        "unshare and ip (packages util-linux, iproute2)");
    Path folder = Files.createTempDirectory("it-ssrf");
    Path hosts =
        Files.writeString(
            folder.resolve("hosts"),
            "127.0.0.1 localhost\n" + SsrfInside.METADATA + " metadata.test\n");
    String java = Path.of(System.getProperty("java.home"), "bin/java").toString();
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    Path arguments =
        Files.writeString(
            folder.resolve("arguments"),
            "-cp\n\""
                + path
                + "\"\n-Djava.io.tmpdir="
                + System.getProperty("java.io.tmpdir")
                + "\n-Dmillrace.repository="
                + Machine.repository()
                + "\n");
    return Machine.run(
            folder,
            Map.of(),
            Duration.ofMinutes(5),
            List.of(
                "unshare",
                "--net",
                "--mount",
                "sh",
                "-e",
                "-c",
                "mount --bind \"$1\" /etc/hosts\n"
                    + "ip link set lo up\n"
                    + "ip address add "
                    + SsrfInside.METADATA
                    + "/32 dev lo\n"
                    + "ip address add "
                    + SsrfInside.OPEN
                    + "/32 dev lo\n"
                    + "test -z \"$(ip route show default)\"\n"
                    + "exec \"$2\" @\"$3\" "
                    + SsrfInside.class.getName()
                    + " \"$4\"",
                "sh",
                hosts.toString(),
                java,
                arguments.toString(),
                Boolean.toString(open)))
        .expectSuccess();
  }
}
