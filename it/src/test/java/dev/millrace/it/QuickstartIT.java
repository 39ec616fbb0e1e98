package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * The first command that a newcomer types: an unprivileged user without Docker, with an empty Maven
 * cache. The order matters: an interrupted build comes before the one that must succeed all the
 * same.
 */
@Tag("quickstart")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class QuickstartIT {
  private static final Path HELD_OUT = Path.of("examples/digits/data/heldout.csv");

  private Newcomer newcomer;
  private Transcript first = new Transcript(-1, List.of());

  @BeforeAll
  void arrive() throws IOException {
    newcomer = Newcomer.arrive();
  }

  @AfterAll
  void leave() {
    newcomer.close();
  }

  @Test
  @Order(1)
  void anInterruptedBuildLeavesNoProcess() {
    assertFalse(Files.exists(newcomer.home().resolve(".m2")), "the Maven cache is not empty");
    Transcript seen = newcomer.interruptWhen("building", home -> jars(home) > 3, "INT");
    assertEquals(130, seen.code(), seen.text());
    newcomer.expectNoProcess();
  }

  @Test
  @Order(2)
  void aKilledBuildGoesOnForNobody() {
    long before = jars(newcomer.home());
    newcomer.interruptWhen("building", home -> jars(home) > before + 3, "KILL");
    assertFalse(
        newcomer.processes().isEmpty(), "the build ended with the command; nothing is shown");
  }

  @Test
  @Order(3)
  void runsTheExampleAndShowsItsLogWhileItRuns() {
    first = newcomer.quickstart().print().expectSuccess();
    assertTrue(first.seconds("building") <= first.seconds("starting"));
    assertTrue(first.says("no Docker engine answers"), first.text());
    newcomer.expectNoProcess();
  }

  @Test
  @Order(4)
  void itsModelBeatsTheCommonestClassByFar() throws IOException {
    Path heldOut = newcomer.checkout().resolve(HELD_OUT);
    double accuracy = Digits.accuracy(newcomer.output("model.csv"), heldOut);
    double commonest = Digits.commonest(heldOut);
    System.out.printf("accuracy %.4f, commonest class %.4f%n", accuracy, commonest);
    assertTrue(accuracy >= commonest + 0.10, accuracy + " against " + commonest);
  }

  @Test
  @Order(5)
  void theRepositoryShipsNoModel() throws IOException {
    String shipped = Files.readString(newcomer.output("model.csv")).substring(0, 40);
    try (Stream<Path> files = Files.walk(newcomer.checkout().resolve("examples"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        assertFalse(file.getFileName().toString().startsWith("model"), file.toString());
        assertFalse(Files.readString(file).contains(shipped), file.toString());
      }
    }
  }

  @Test
  @Order(6)
  void printsOutputsWithTheirHashes() throws IOException {
    for (String name : List.of("model.csv", "confusion.csv")) {
      String sha256 =
          Machine.run(newcomer.folder(), List.of("sha256sum", newcomer.output(name).toString()))
              .expectSuccess()
              .substring(0, 64);
      assertTrue(first.says(sha256 + "  " + name), name);
    }
  }

  @Test
  @Order(7)
  void anInterruptInStartAndRunLeavesNoProcess() {
    for (String phase : List.of("starting", "\"epoch\": 2")) {
      Transcript seen = newcomer.interrupt(phase, "INT");
      assertEquals(130, seen.code(), seen.text());
      newcomer.expectNoProcess();
    }
  }

  @Test
  @Order(8)
  void theNextRunAfterAKilledStartSucceedsQuicklyOnAnotherPort() throws IOException {
    newcomer.interrupt("starting", "KILL");
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      newcomer.set("MILLRACE_HTTP_PORT", Integer.toString(taken.getLocalPort()));
      Transcript stays = newcomer.quickstart("--stay").expectSuccess();
      assertTrue(stays.says("using the build"), stays.text());
      assertTrue(stays.seconds("ready") < 30, stays.text());
      String address = stays.find("address: +(http\\S+)");
      assertNotEquals("http://127.0.0.1:" + taken.getLocalPort(), address);
      assertEquals(1, masters(), "one master stays");
      learnFromShuffledLabels(new Api(address, Optional.of(stays.find("token: +(\\S+)"))));
    }
  }

  /** The same step, on the same data but for the labels it learns from. */
  private void learnFromShuffledLabels(Api api) throws IOException {
    JsonNode me = api.get("/api/v0/users/me/").expectSuccess();
    assertEquals("quickstart", me.get("username").asText());
    assertEquals(
        403, api.get("/api/v0/audit/?limit=1").status(), "the token is an administrator's");
    Path copy = Files.createTempDirectory("it-shuffled");
    Path example = newcomer.checkout().resolve("examples/digits");
    Machine.run(copy, List.of("cp", "-RT", example.toString(), copy.toString())).expectSuccess();
    Digits.shuffleLabels(copy.resolve("data/train.csv"));
    Project project = Project.of(api, "shuffled");
    String execution = project.run(new Code(copy), Map.of("step", "train"));
    JsonNode end = api.awaitEnd(execution, Duration.ofSeconds(90));
    assertEquals("complete", end.get("status").asText(), end.toString());
    Path model = copy.resolve("model.csv");
    Files.writeString(model, project.output(execution, "model.csv"));
    double accuracy = Digits.accuracy(model, example.resolve("data/heldout.csv"));
    double commonest = Digits.commonest(example.resolve("data/heldout.csv"));
    System.out.printf("with shuffled labels %.4f, commonest class %.4f%n", accuracy, commonest);
    assertTrue(accuracy < commonest + 0.10, "accuracy with shuffled labels: " + accuracy);
  }

  @Test
  @Order(9)
  void theNextRunAfterAKilledStepReplacesWhatStays() {
    Assumptions.assumeTrue(Machine.full(), "only in ./check --full");
    newcomer.interrupt("\"epoch\": 2", "KILL");
    Transcript stays = newcomer.quickstart("--stay").expectSuccess();
    assertEquals(1, masters(), "one master stays");
    Api api = new Api(stays.find("address: +(http\\S+)"), Optional.empty());
    assertEquals(200, api.get("/ready").status());
  }

  @Test
  @Order(10)
  void stopEndsWhatStays() {
    assertEquals(1, masters());
    Transcript stopped = newcomer.quickstart("--stop");
    assertEquals(0, stopped.code(), stopped.text());
    newcomer.expectNoProcess();
  }

  @Test
  @Order(11)
  void aFailedDownloadSaysSoAndWhatToDo() throws IOException {
    Path pom = newcomer.checkout().resolve("pom.xml");
    FileTime written = Files.getLastModifiedTime(pom);
    Files.setLastModifiedTime(pom, FileTime.from(Instant.now()));
    Path settings = newcomer.folder().resolve("nowhere.xml");
    Files.writeString(
        settings,
        "<settings><mirrors><mirror><id>nowhere</id><mirrorOf>*</mirrorOf>"
            + "<url>http://127.0.0.1:1/</url></mirror></mirrors></settings>");
    newcomer.set(
        "MAVEN_ARGS",
        "-s " + settings + " -Dmaven.repo.local=/tmp/nowhere-" + newcomer.folder().getFileName());
    Transcript seen = newcomer.quickstart();
    Files.setLastModifiedTime(pom, written);
    assertEquals(1, seen.code(), seen.text());
    assertTrue(seen.says("a download failed"), seen.text());
    assertTrue(seen.says("Check that Maven Central can be reached"), seen.text());
  }

  @Test
  @Order(12)
  void tooLittleRoomAndAMissingJdkAreRefusedWithTheRemedy() throws IOException {
    Machine.require(Machine.isRoot(), "root, to give the newcomer a small disk");
    Transcript full =
        newcomer.quickstartWhere("mount -t tmpfs -o size=100m none " + newcomer.home());
    assertEquals(1, full.code(), full.text());
    assertTrue(full.says("MiB are free on the disk of " + newcomer.home()), full.text());
    assertTrue(full.says("make room"), full.text());
    Path little = newcomer.folder().resolve("meminfo");
    Files.writeString(little, "MemTotal: 900000 kB\nMemAvailable: 512000 kB\n");
    Transcript small = newcomer.quickstartWhere("mount --bind " + little + " /proc/meminfo");
    assertEquals(1, small.code(), small.text());
    assertTrue(small.says("only 500 MiB of memory are available, 1200 MiB are needed"));
    Transcript bare = newcomer.quickstartWhere("mount -t tmpfs none /usr/lib/jvm");
    assertEquals(1, bare.code(), bare.text());
    assertTrue(bare.says("apt-get install -y openjdk-17-jdk-headless"), bare.text());
  }

  private long masters() {
    return newcomer.processes().stream()
        .filter(p -> p.contains("dev.millrace.launcher.Main"))
        .count();
  }

  private static long jars(Path home) {
    Path repository = home.resolve(".m2/repository");
    if (!Files.isDirectory(repository)) {
      return 0;
    }
    try (Stream<Path> files = Files.walk(repository)) {
      return files.filter(f -> f.toString().endsWith(".jar")).count();
    } catch (IOException | java.io.UncheckedIOException moved) {
      return 0;
    }
  }
}
