package dev.millrace.provider.onprem;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import dev.millrace.spi.common.Page;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.compute.Node;
import dev.millrace.spi.compute.WorkerRelease;
import dev.millrace.spi.tck.Calls;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnpremAccountTest {
  @TempDir Path data;
  @TempDir Path tools;
  private WorkerRelease release;
  private OnpremAccount account;

  @BeforeEach
  void open() throws Exception {
    release = StandIn.archive(tools, "");
    account = account(TestConfig.of("local", "local-2"));
  }

  @AfterEach
  void releaseAll() throws Exception {
    for (Node node : nodes()) {
      account.release(node.id(), Calls.call());
    }
    StandIn.await("all nodes are gone", () -> nodes().isEmpty());
    account.close();
  }

  private OnpremAccount account(OnpremAccount.Config config) {
    return new OnpremAccount(config, data, List.of(), Clock.systemUTC());
  }

  private List<Node> nodes() throws PluginException {
    return account.nodes(StandIn.INSTALLATION, Page.Cursor.START, Calls.call()).items();
  }

  private Node ensure(String key, WorkerRelease wanted) throws PluginException {
    return account.ensure(StandIn.request(key, wanted), Calls.call());
  }

  private Path folder(String key) {
    return data.resolve("onprem/nodes/inst-a").resolve(key);
  }

  private Path worker(String key) {
    return folder(key).resolve("worker");
  }

  /** The pids with which the worker was started, one after another. */
  private List<String> starts(String key) throws Exception {
    return StandIn.lines(worker(key).resolve("starts"));
  }

  private void awaitRunning(String key) throws Exception {
    StandIn.await(
        key + " runs",
        () ->
            !starts(key).isEmpty()
                && nodes().stream()
                    .anyMatch(n -> n.key().equals(key) && n.state() == Node.State.RUNNING));
  }

  private static boolean lives(String pid) {
    return ProcessId.now(Long.parseLong(pid)).isPresent();
  }

  @Test
  void theWorkerIsStartedAsTheWireSays() throws Exception {
    ensure("n1", release);
    awaitRunning("n1");
    assertEquals(
        "--dir %s --master http://127.0.0.1:9 --name n1 --slots 4 --runtimes process --join-token-file %s"
            .formatted(worker("n1"), folder("n1").resolve("join-token")),
        Files.readString(worker("n1").resolve("args")).strip());
  }

  @Test
  void theJoinTokenComesByAPrivateFileAndNoOtherWay() throws Exception {
    ensure("n1", release);
    awaitRunning("n1");
    Path token = worker("n1").resolve("joined");
    StandIn.await("the worker has joined", () -> Files.exists(token));
    assertEquals(StandIn.TOKEN, Files.readString(token));
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(token)));
    String pid = starts("n1").get(0);
    for (String file : List.of("cmdline", "environ")) {
      String text =
          new String(Files.readAllBytes(Path.of("/proc", pid, file)), StandardCharsets.UTF_8);
      assertFalse(text.contains(StandIn.TOKEN), file);
    }
    assertFalse(Files.readString(folder("n1").resolve("worker.log")).contains(StandIn.TOKEN));
    assertEquals(
        "rw-------",
        PosixFilePermissions.toString(
            Files.getPosixFilePermissions(folder("n1").resolve("node.properties"))));
  }

  @Test
  void aDeadWorkerIsStartedAgainInItsFolderUnderItsKey() throws Exception {
    Node node = ensure("n1", release);
    awaitRunning("n1");
    String first = starts("n1").get(0);
    ProcessHandle.of(Long.parseLong(first)).orElseThrow().destroyForcibly();
    StandIn.await("a second start", () -> starts("n1").size() == 2);
    awaitRunning("n1");
    assertEquals(node.id(), nodes().get(0).id());
    assertFalse(Files.readString(worker("n1").resolve("args")).contains("join-token-file"));
  }

  @Test
  void theWorkerSurvivesTheMasterAndIsFoundAgain() throws Exception {
    ensure("n1", release);
    awaitRunning("n1");
    String pid = starts("n1").get(0);
    account.close();
    assertTrue(lives(pid));
    account = account(TestConfig.of("local"));
    awaitRunning("n1");
    assertEquals(List.of(pid), starts("n1"));
    String session = Files.readString(Path.of("/proc", pid, "stat"));
    assertEquals(pid, session.substring(session.lastIndexOf(')') + 2).split(" ")[3]);
  }

  @Test
  void anotherProcessWithTheSameNumberIsNeitherTakenForTheWorkerNorKilled() throws Exception {
    ensure("n1", release);
    awaitRunning("n1");
    account.close();
    String first = starts("n1").get(0);
    ProcessHandle.of(Long.parseLong(first)).orElseThrow().destroyForcibly();
    StandIn.await("the worker is dead", () -> !lives(first));
    Process stranger = new ProcessBuilder("sleep", "600").start();
    try {
      Path file = folder("n1").resolve("process");
      List<String> lines = Files.readAllLines(file);
      String other = lines.get(1).replaceFirst("^\\d+", Long.toString(stranger.pid()));
      Files.write(file, List.of(lines.get(0), other));
      account = account(TestConfig.of("local"));
      StandIn.await("a second start", () -> starts("n1").size() == 2);
      account.release(nodes().get(0).id(), Calls.call());
      StandIn.await("the node is gone", () -> nodes().isEmpty());
      assertTrue(stranger.isAlive());
    } finally {
      stranger.destroyForcibly();
    }
  }

  @Test
  void releaseEndsTheWorkerAndItsRunsAndRemovesTheFolder() throws Exception {
    Node node = ensure("n1", release);
    awaitRunning("n1");
    Path runPid = worker("n1").resolve("runs/run-1/pid");
    StandIn.await("the run is up", () -> !StandIn.lines(runPid).isEmpty());
    String run = StandIn.lines(runPid).get(0);
    String pid = starts("n1").get(0);
    assertTrue(lives(run));
    account.release(node.id(), Calls.call());
    StandIn.await("the node is gone", () -> nodes().isEmpty());
    // Killed processes are there until their parent, or who took them over, has asked for them.
    StandIn.await("the worker is gone", () -> !lives(pid));
    StandIn.await("the run is gone", () -> !lives(run));
    assertFalse(Files.exists(folder("n1")));
    assertTrue(Files.readString(data.resolve("onprem/removed")).startsWith("--dir "));
  }

  @Test
  void aSecondWorkerOfOneNodeIsNotStartedEvenIfItsRecordIsLost() throws Exception {
    ensure("n1", release);
    awaitRunning("n1");
    Files.delete(folder("n1").resolve("process"));
    StandIn.await("it is seen as not running", () -> nodes().get(0).state() == Node.State.PENDING);
    account.close();
    account = account(TestConfig.of("local"));
    WorkerProcess again = new WorkerProcess(folder("n1"), worker("n1"));
    NodeRecord node = new NodeFolders(data.resolve("onprem")).read("inst-a", "n1").orElseThrow();
    Path program = new Releases(data.resolve("onprem/releases"), null).program(release);
    Process second =
        again.start(
            program,
            node,
            Machines.of(TestConfig.of("local"), List.of()),
            folder("n1").resolve("none"));
    assertEquals(75, second.waitFor());
    assertEquals(1, starts("n1").size());
  }

  @Test
  void aReleaseIsUnpackedOncePerHash() throws Exception {
    ensure("n1", release);
    awaitRunning("n1");
    Path archive = Path.of(release.url());
    Files.delete(archive);
    ensure("n2", release);
    awaitRunning("n2");
    assertEquals(
        List.of(data.resolve("onprem/releases").resolve(release.sha256())),
        NodeFolders.children(data.resolve("onprem/releases")));
  }

  @Test
  void anArchiveWithAnotherHashIsNeverRun() throws Exception {
    ensure("n1", new WorkerRelease("1.0", release.url(), "0".repeat(64)));
    StandIn.await("the node has failed", () -> nodes().get(0).state() == Node.State.FAILED);
    assertTrue(nodes().get(0).fault().orElseThrow().message().contains("SHA-256"));
    assertEquals(List.of(), starts("n1"));
    assertEquals(List.of(), NodeFolders.children(data.resolve("onprem/releases")));
  }

  @Test
  void anArchiveThatCannotBeFetchedYetIsTriedAgain() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/worker.tar.gz",
        exchange -> {
          byte[] bytes = Files.readAllBytes(Path.of(release.url()));
          boolean ready = asked.incrementAndGet() > 1;
          exchange.sendResponseHeaders(ready ? 200 : 503, ready ? bytes.length : -1);
          if (ready) {
            exchange.getResponseBody().write(bytes);
          }
          exchange.close();
        });
    server.start();
    try {
      URI url =
          URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/worker.tar.gz?sig=s");
      ensure("n1", new WorkerRelease("1.0", url, release.sha256()));
      StandIn.await(
          "the trouble shows", () -> nodes().get(0).fault().isPresent() || asked.get() > 1);
      awaitRunning("n1");
      assertTrue(asked.get() >= 2);
    } finally {
      server.stop(0);
    }
  }

  @Test
  void aNodeThatHasNotJoinedGetsTheNewerTokenAndAddress() throws Exception {
    WorkerRelease gone =
        new WorkerRelease("1.0", tools.resolve("missing.tar.gz").toUri(), release.sha256());
    Node first = ensure("n1", gone);
    StandIn.await("the trouble shows", () -> nodes().get(0).fault().isPresent());
    assertNotEquals(Node.State.FAILED, nodes().get(0).state());
    assertEquals(first.id(), ensure("n1", release).id());
    awaitRunning("n1");
  }

  @Test
  void slotsOfTheConfigurationGoBeforeThoseOfTheGroup() throws Exception {
    account.close();
    account =
        account(
            new TestConfig(
                new String[] {"local"}, "onprem", 2, new String[] {"process", "docker"}, ""));
    ensure("n1", release);
    awaitRunning("n1");
    String args = Files.readString(worker("n1").resolve("args"));
    assertTrue(args.contains("--slots 2 --runtimes process,docker"), args);
  }

  @Test
  void aWorkerIsToldWhichAuthorityToTrust() throws Exception {
    account.close();
    Path authority = Files.writeString(data.resolve("ca.pem"), "of the master");
    account =
        account(
            new TestConfig(
                new String[] {"local"},
                "onprem",
                1,
                new String[] {"process"},
                authority.toString()));
    ensure("n1", release);
    awaitRunning("n1");
    String args = Files.readString(worker("n1").resolve("args"));
    assertTrue(args.contains("--ca-file " + authority), args);
  }

  @Test
  void whatTheConfigurationCannotMeanIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> account(TestConfig.of()));
    assertThrows(IllegalArgumentException.class, () -> account(TestConfig.of("gpu-box")));
    assertThrows(IllegalArgumentException.class, () -> account(TestConfig.of("local", "local")));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            account(new TestConfig(new String[] {"local"}, "f", -1, new String[] {"process"}, "")));
    assertThrows(
        IllegalArgumentException.class,
        () -> account(new TestConfig(new String[] {"local"}, "f", 0, new String[] {"podman"}, "")));
    for (String file : List.of("ca.pem", "/no/such/ca.pem")) {
      assertThrows(
          IllegalArgumentException.class,
          () ->
              account(
                  new TestConfig(new String[] {"local"}, "f", 0, new String[] {"process"}, file)));
    }
  }

  @Test
  void keysThatAreNoNamesAreRefused() {
    PluginException e = assertThrows(PluginException.class, () -> ensure("../../etc", release));
    assertEquals(PluginException.Kind.INVALID, e.kind());
  }

  @Test
  void waitsGrowAndStartOverAfterAWhile() {
    Attempts attempts = new Attempts();
    assertTrue(attempts.due(false));
    attempts.failed();
    assertFalse(attempts.due(false));
    assertTrue(attempts.due(true), "a removal does not wait for a start");
    attempts.failed();
    assertFalse(attempts.due(true));
    assertEquals(1, attempts.misses());
  }
}
