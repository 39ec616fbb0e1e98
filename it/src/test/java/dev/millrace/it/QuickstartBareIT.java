package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * The same command as root of a bare Debian 12: no JDK, no Git, no Python. The system is given name
 * resolution, this machine's CA certificates and package sources, and a Maven cache, and nothing
 * else.
 */
@Tag("quickstart")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class QuickstartBareIT {
  private static final Duration LIMIT = Duration.ofMinutes(15);

  private Path folder;
  private Path system;

  @BeforeAll
  void makeTheSystem() throws IOException {
    Machine.require(Machine.isRoot(), "root, to make a Debian in a folder");
    Machine.require(Machine.has("debootstrap"), "debootstrap (apt-get install debootstrap)");
    folder = Files.createTempDirectory("it-bare");
    system = folder.resolve("system");
    Machine.run(
            folder,
            Map.of(),
            LIMIT,
            List.of("debootstrap", "--variant=minbase", "bookworm", system.toString()))
        .expectSuccess();
    String m2 = System.getProperty("user.home") + "/.m2";
    sh(
        "cp -L /etc/resolv.conf "
            + system
            + "/etc/resolv.conf; mkdir -p "
            + system
            + "/etc/ssl/certs && cp -L /etc/ssl/certs/ca-certificates.crt "
            + system
            + "/etc/ssl/certs/; rm -rf "
            + system
            + "/etc/apt/sources.list*; cp -a /etc/apt/sources.list* "
            + system
            + "/etc/apt/; cp -a /etc/apt/apt.conf.d/. "
            + system
            + "/etc/apt/apt.conf.d/; mkdir -p "
            + system
            + "/root/.m2 && cp -a "
            + m2
            + "/. "
            + system
            + "/root/.m2/");
    Machine.run(
            folder,
            List.of(
                "git",
                "clone",
                "-q",
                "--no-hardlinks",
                Machine.repository().toString(),
                system + "/root/millrace"))
        .expectSuccess();
  }

  @AfterAll
  void removeIt() {
    if (system != null) {
      sh("rm -rf " + system);
    }
  }

  @Test
  void installsWhatIsMissingAndRunsTheExample() {
    Machine.Result result = inside("cd /root/millrace && ./quickstart");
    System.out.println(result.output());
    assertEquals(0, result.code(), result.output());
    assertTrue(result.output().contains("installing"), result.output());
    assertTrue(result.output().contains("evaluate: complete"), result.output());
    assertEquals(List.of(), Machine.processesNaming(system.toString()));
  }

  /** Runs in namespaces of its own, so that whatever stays behind ends with it. */
  private Machine.Result inside(String script) {
    return Machine.run(
        folder,
        Map.of("HOME", "/root", "PATH", "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL", "C"),
        LIMIT,
        List.of(
            "unshare",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "sh",
            "-c",
            "mount -t proc proc "
                + system
                + "/proc && mount --bind /dev "
                + system
                + "/dev"
                + " && unset JAVA_HOME DOCKER_HOST && exec chroot "
                + system
                + " /bin/sh -c '"
                + script
                + "'"));
  }

  private void sh(String script) {
    Machine.run(folder, Map.of(), LIMIT, List.of("sh", "-c", script)).expectSuccess();
  }
}
