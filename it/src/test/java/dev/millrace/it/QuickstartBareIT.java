package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * The same command as root of a bare Debian 12: no JDK, no Git, no curl, no Python. The system is
 * given name resolution, this machine's CA certificates and package sources and a Maven cache, and
 * nothing else; short of --full also the build of this checkout.
 */
@Tag("quickstart-bare")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class QuickstartBareIT {
  private static final Duration LIMIT = Duration.ofMinutes(12);

  private Path folder;
  private Path system;

  @BeforeAll
  void makeTheSystem() throws IOException {
    Machine.require(Machine.isRoot(), "root, to make a Debian in a folder");
    Machine.require(Machine.has("debootstrap"), "debootstrap (apt-get install debootstrap)");
    folder = Files.createTempDirectory("it-bare");
    system = Files.createDirectory(folder.resolve("system"));
    sh("tar -C %1$s -xf %2$s", system, debian());
    sh("cp -L /etc/resolv.conf %1$s/etc/resolv.conf", system);
    sh("rm -rf %1$s/etc/apt/sources.list* && cp -a /etc/apt/sources.list* %1$s/etc/apt/", system);
    sh("mkdir -p %1$s/usr/share/keyrings %1$s/etc/ssl/certs", system);
    sh("cp -L /etc/ssl/certs/ca-certificates.crt %1$s/etc/ssl/certs/", system);
    sh("cp -a /usr/local/share/ca-certificates %1$s/usr/local/share/", system);
    Path cache = Path.of(System.getProperty("user.home"), ".m2");
    sh("mkdir %1$s/root/.m2 && cp -a %2$s/. %1$s/root/.m2/", system, cache);
    Path checkout = system.resolve("root/millrace");
    Newcomer.copyCheckout(checkout);
    if (!Machine.full()) {
      Newcomer.copyBuild(checkout);
    }
  }

  /** The system as debootstrap made it, kept below .check/. */
  private Path debian() throws IOException {
    Path kept = Machine.repository().resolve(".check/debian-12.tar");
    if (!Files.exists(kept)) {
      Files.createDirectories(kept.getParent());
      Path made = folder.resolve("made");
      sh("debootstrap --variant=minbase bookworm %1$s >&2", made);
      sh("tar -C %1$s -cf %2$s.part . && mv %2$s.part %2$s && rm -rf %1$s", made, kept);
    }
    return kept;
  }

  @AfterAll
  void removeIt() {
    if (folder != null) {
      sh("rm -rf %1$s", folder);
    }
  }

  @Test
  @Order(2)
  void installsWhatIsMissingAndRunsTheExample() throws IOException {
    for (String program : List.of("java", "git", "curl", "python3")) {
      assertEquals(127, inside("command -v " + program + " || exit 127").code(), program);
    }
    // Processes that are there after the command, the shell that looks and its children apart.
    Transcript run =
        inside(
            "cd /root/millrace && ./quickstart; code=$?; for p in /proc/[0-9]*; do"
                + " printf \"left: %s %s\\n\" ${p##*/} \"$(tr \"\\0\" \" \" <$p/cmdline)\"; done; exit $code");
    run.print().expectSuccess();
    assertTrue(run.says("installing git curl openjdk-17-jdk-headless"), run.text());
    assertTrue(run.says(Machine.full() ? "building" : "using the build"), run.text());
    List<String> left =
        run.lines().stream()
            .map(Transcript.Line::text)
            .filter(l -> l.startsWith("left: ") && !l.startsWith("left: 1 "))
            .toList();
    assertEquals(List.of(), left.stream().filter(l -> l.contains("millrace")).toList());
    Path checkout = system.resolve("root/millrace");
    Path heldOut = checkout.resolve("examples/digits/data/heldout.csv");
    double accuracy = Digits.accuracy(checkout.resolve(".quickstart/outputs/1/model.csv"), heldOut);
    assertTrue(accuracy >= Digits.commonest(heldOut) + 0.10, "accuracy " + accuracy);
  }

  @Test
  @Order(1)
  void rootWithoutTheRightToMakeNamespacesIsToldWhatToDo() {
    Transcript run =
        inside("cd /root/millrace && exec setpriv --bounding-set=-sys_admin ./quickstart");
    assertEquals(1, run.code(), run.text());
    assertTrue(run.says("run ./quickstart as another user"), run.text());
  }

  /** Runs in namespaces of its own, so that whatever stays behind ends with it. */
  private Transcript inside(String script) {
    String stage =
        "mount --bind %1$s %1$s && mount -t proc proc %1$s/proc && mount --bind /dev %1$s/dev && exec chroot %1$s"
            + " /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C /bin/sh -c '%2$s'";
    List<String> command =
        new ArrayList<>(List.of("unshare", "--mount", "--pid", "--fork", "--kill-child"));
    command.addAll(List.of("sh", "-c", stage.formatted(system, script)));
    return Transcript.of(folder, Map.of(), LIMIT, command);
  }

  private void sh(String script, Path... paths) {
    Object[] quoted = Arrays.stream(paths).map(p -> "'" + p + "'").toArray();
    Machine.run(folder, Map.of(), LIMIT, List.of("sh", "-c", script.formatted(quoted)))
        .expectSuccess();
  }
}
