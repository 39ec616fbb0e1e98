package dev.millrace.worker.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.worker.wire.Assignment;
import dev.millrace.worker.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a run may see of the machine, by real paths, and what it then sees. */
class MountsTest {
  private static final ObjectMapper JSON = Json.mapper();

  static final ProcessOptions TRUSTED =
      new ProcessOptions(ProcessOptions.Trust.EVERYBODY, List.of(), Path.of("/nowhere"));

  @TempDir Path dir;
  private Path data;
  private @Nullable Path base;
  private RunFolder folder;
  private final List<String> told = new ArrayList<>();
  private final List<Path> hide = new ArrayList<>();

  static List<Isolation> namespaced() throws IOException {
    return StopTest.possible().stream().filter(Isolation::namespaced).toList();
  }

  @BeforeEach
  void make() throws IOException {
    dir = dir.toRealPath();
    Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
    data = Files.createDirectories(dir.resolve("data/a b"));
    Files.setPosixFilePermissions(data, PosixFilePermissions.fromString("rwxrwxrwx"));
    folder = new RunFolder(dir.resolve("worker/runs/one"));
    folder.create();
  }

  @AfterEach
  void remove() throws IOException {
    Path made = base;
    if (made != null) {
      try (Stream<Path> all = Files.walk(made)) {
        for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }

  /** A folder of the machine where runs have nothing of their own, as they have in /tmp. */
  private Path base() throws IOException {
    Path made = base;
    if (made == null) {
      Path parent =
          Stream.of("/srv", "/opt", System.getProperty("user.home"))
              .map(Path::of)
              .filter(Files::isWritable)
              .filter(p -> !p.startsWith("/root"))
              .findFirst()
              .orElseThrow();
      made = Files.createTempDirectory(parent, "millrace-mounts");
      Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwxr-xr-x"));
      base = made;
    }
    return made;
  }

  private RunSpec spec(String allowed, String source, String destination, boolean readOnly)
      throws IOException {
    ObjectNode assignment =
        (ObjectNode) JSON.readTree(Path.of("../docs/wire/assignment.json").toFile());
    assignment.putArray("mountAllow").add(allowed);
    assignment
        .putArray("mounts")
        .addObject()
        .put("source", source)
        .put("destination", destination)
        .put("readOnly", readOnly);
    return new RunSpec(
        JSON.treeToValue(assignment, Assignment.class), folder, told::add, () -> false);
  }

  private String refusal(String allowed, String source, String destination) throws IOException {
    RunSpec spec = spec(allowed, source, destination, false);
    LaunchException refused = assertThrows(LaunchException.class, () -> Mounts.check(spec), source);
    assertEquals("input", refused.reason());
    return String.valueOf(refused.getMessage());
  }

  @Test
  void aFolderBelowAnAllowedOneIsTakenByItsRealPath() throws Exception {
    Path link = Files.createSymbolicLink(dir.resolve("data/link"), data);
    Path allowed = Files.createSymbolicLink(dir.resolve("allowed"), dir.resolve("data"));
    Mounts.Checked checked =
        Mounts.check(spec(allowed.toString(), link.toString(), "/mnt/x", true)).get(0);
    assertEquals(data.toString(), checked.source());
    assertTrue(checked.identity().endsWith("/a\\040b"), checked.identity());
    assertTrue(checked.line("/mnt/x").startsWith("ro\t"), checked.line("/mnt/x"));
  }

  @Test
  void whatLeadsOutOfTheAllowedFolderIsRefused() throws Exception {
    String allowed = dir.resolve("data").toString();
    Files.createDirectories(dir.resolve("elsewhere"));
    Files.createSymbolicLink(dir.resolve("data/out"), dir.resolve("elsewhere"));
    Files.createSymbolicLink(dir.resolve("data/etc"), Path.of("/etc"));
    Files.createSymbolicLink(dir.resolve("data/up"), Path.of(".."));
    Files.writeString(dir.resolve("data/file"), "x");
    for (String out : List.of("/out", "/etc", "/up", "/up/elsewhere")) {
      assertTrue(refusal(allowed, allowed + out, "/mnt/x").contains("leads to"), out);
    }
    assertTrue(refusal(allowed, allowed + "/none", "/mnt/x").contains("no such folder"));
    assertTrue(refusal(allowed, allowed + "/file", "/mnt/x").contains("no folder"));
    for (String odd :
        List.of(allowed + "/../elsewhere", "data", allowed + "/", allowed + "//a b")) {
      assertTrue(refusal(allowed, odd, "/mnt/x").contains("absolute"), odd);
    }
    assertTrue(refusal(allowed, dir.resolve("elsewhere").toString(), "/mnt/x").contains("allow"));
  }

  @Test
  void placesOfTheSystemAndOfMillraceAreRefusedAlsoWhereTheyAreAllowed() throws Exception {
    for (String system :
        List.of("/", "/proc", "/sys", "/dev", "/run", "/etc", "/usr/bin", "/var")) {
      assertTrue(refusal("/", system, "/mnt/x").contains("system"), system);
    }
    for (Path ours : List.of(dir, dir.resolve("worker"), folder.root(), folder.outputs())) {
      assertTrue(refusal("/", ours.toString(), "/mnt/x").contains("Millrace"), ours.toString());
    }
    String allowed = dir.resolve("data").toString();
    for (String place :
        List.of("/", "/valohai", "/valohai/inputs/x", "/tmp/x", "/usr/bin", "/etc/x", "/proc/x")) {
      assertTrue(refusal(allowed, data.toString(), place).contains("destination"), place);
    }
    String open = Files.createDirectories(base().resolve("open")).toString();
    Files.setPosixFilePermissions(Path.of(open), PosixFilePermissions.fromString("rwxrwxrwx"));
    assertTrue(refusal(allowed, data.toString(), open + "/x").contains("everybody"));
    Path link = Files.createSymbolicLink(base().resolve("link"), dir.resolve("data"));
    assertTrue(refusal(allowed, data.toString(), link + "/x").contains("no folder"));
  }

  @ParameterizedTest
  @MethodSource("namespaced")
  void theRunSeesTheFolderAndTheMachineStaysAsItIs(Isolation isolation) throws Exception {
    Files.writeString(data.resolve("given"), "from outside");
    Path place = Files.createDirectories(base().resolve("place"));
    Files.writeString(place.resolve("beside"), "still there");
    String destination = place + "/new/one";
    String script =
        "cat '%s/given' '%s/beside'; echo made > '%s/made' && echo written\n"
            .formatted(destination, place, destination);
    assertEquals("from outsidestill therewritten\n", output(isolation, script, destination, false));
    assertEquals("made\n", Files.readString(data.resolve("made")));
    assertFalse(Files.exists(place.resolve("new")), "a folder was made on the machine");
    assertEquals(List.of(destination + ": mounted " + data), told);
  }

  @ParameterizedTest
  @MethodSource("namespaced")
  void aReadOnlyFolderCannotBeWritten(Isolation isolation) throws Exception {
    Files.writeString(data.resolve("given"), "from outside");
    assertEquals(
        "from outsiderefused\n",
        output(
            isolation,
            "cat /data/x/given; echo no > /data/x/no || echo refused\n",
            "/data/x",
            true));
    assertFalse(Files.exists(data.resolve("no")));
  }

  @ParameterizedTest
  @MethodSource("namespaced")
  void aPathThatBecomesALinkAfterTheCheckIsNotMounted(Isolation isolation) throws Exception {
    Path secret = Files.createDirectories(dir.resolve("secret"));
    Files.writeString(secret.resolve("given"), "not yours");
    ProcessRuntime runtime = new ProcessRuntime(isolation, RunUser.current(), TRUSTED);
    Files.writeString(folder.tools().resolve("start"), "cat /data/x/given\n");
    RunSpec spec = spec(dir.resolve("data").toString(), data.toString(), "/data/x", false);
    // The last moment before the start: what is told of the mount comes after the check.
    RunSpec racing =
        new RunSpec(
            spec.assignment(),
            folder,
            line -> {
              try {
                Files.delete(data);
                Files.createSymbolicLink(data, secret);
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            },
            () -> false);
    try (PipeFiles files = new PipeFiles(folder)) {
      RunHandle run = runtime.launch(racing);
      assertTrue(run.awaitGone(Duration.ofSeconds(30)));
      String problem = String.valueOf(run.exit().problem());
      assertTrue(problem.contains("changed while the run started"), problem);
      assertEquals("", files.whole("stdout"), "user code was started");
    }
  }

  /** What is made for a mount shows what is beside it, but not what no run may see. */
  @ParameterizedTest
  @MethodSource("namespaced")
  void whatIsHiddenStaysSoBesideAndBelowAMount(Isolation isolation) throws Exception {
    Files.writeString(data.resolve("given"), "from outside\n");
    Path open = Files.createDirectories(base().resolve("open"));
    Files.writeString(open.resolve("seen"), "seen\n");
    Path hidden = Files.createDirectories(base().resolve("hidden/deep"));
    Files.writeString(hidden.resolve("secret"), "not yours\n");
    Path closed = Files.createDirectories(base().resolve("closed"));
    Files.writeString(closed.resolve("secret"), "not yours\n");
    Path socket = Files.writeString(base().resolve("socket"), "not yours\n");
    for (Path path : List.of(open, hidden, hidden.getParent(), closed)) {
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    if (isolation == Isolation.ROOT_NAMESPACE) {
      Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx--x--x"));
    } else {
      Files.delete(closed.resolve("secret"));
    }
    hide.addAll(List.of(hidden.getParent(), socket));
    List<String> destinations =
        List.of(
            "/home/x/y",
            hidden + "/deeper/one",
            closed + "/new",
            open + "/a/b",
            base() + "/new",
            base() + "/other");
    String script =
        """
        for d in '%s'; do cat "$d/given"; done
        cd '%s' && ls && cat open/seen socket closed/secret hidden/secret hidden/deep/secret 2>/dev/null
        ls hidden hidden/deep closed /home
        touch hidden/made hidden/deep/made 2>/dev/null && echo written
        """
            .formatted(String.join("' '", destinations), base());
    assertEquals(
        "from outside\n".repeat(destinations.size())
            + "closed\nhidden\nnew\nopen\nother\nsocket\nseen\n"
            + "/home:\nx\n\nclosed:\nnew\n\nhidden:\ndeep\n\nhidden/deep:\ndeeper\n",
        output(isolation, script, destinations));
    assertFalse(Files.exists(open.resolve("a")), "a folder was made on the machine");
    assertFalse(Files.exists(closed.resolve("new")), "a folder was made on the machine");
    assertFalse(Files.exists(hidden.resolve("deeper")), "a folder was made on the machine");
  }

  /** The kernel writes such names otherwise than they are. */
  @ParameterizedTest
  @MethodSource("namespaced")
  void theMachineIsReadOnlyAlsoWhereTheWorkersFolderHasASpace(Isolation isolation)
      throws Exception {
    folder = new RunFolder(dir.resolve("of the\tworker \\040/runs/one"));
    folder.create();
    Path open = Files.createDirectories(base().resolve("open one"));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
    String script =
        "echo x > '%s/no' || echo refused; echo x > /data/x/yes && echo written\n".formatted(open);
    assertEquals("refused\nwritten\n", output(isolation, script, "/data/x", false));
    assertFalse(Files.exists(open.resolve("no")));
  }

  @Test
  void withoutNamespacesThereAreNoMountsAndThatIsSaid() throws Exception {
    ProcessRuntime runtime = new ProcessRuntime(Isolation.PLAIN, RunUser.current(), TRUSTED);
    RunSpec spec = spec(dir.resolve("data").toString(), data.toString(), "/data/x", false);
    LaunchException refused = assertThrows(LaunchException.class, () -> runtime.launch(spec));
    assertEquals("input", refused.reason());
    assertTrue(String.valueOf(refused.getMessage()).contains("no namespaces"));
  }

  private String output(Isolation isolation, String script, String destination, boolean readOnly)
      throws Exception {
    return output(
        isolation,
        script,
        spec(dir.resolve("data").toString(), data.toString(), destination, readOnly));
  }

  private String output(Isolation isolation, String script, List<String> destinations)
      throws Exception {
    ObjectNode assignment =
        (ObjectNode) JSON.readTree(Path.of("../docs/wire/assignment.json").toFile());
    assignment.putArray("mountAllow").add(data.toString());
    ArrayNode mounts = assignment.putArray("mounts");
    for (String destination : destinations) {
      mounts.addObject().put("source", data.toString()).put("destination", destination);
    }
    return output(
        isolation,
        script,
        new RunSpec(
            JSON.treeToValue(assignment, Assignment.class), folder, told::add, () -> false));
  }

  private String output(Isolation isolation, String script, RunSpec spec) throws Exception {
    ProcessRuntime runtime =
        new ProcessRuntime(
            isolation,
            RunUser.current(),
            new ProcessOptions(ProcessOptions.Trust.EVERYBODY, hide, Path.of("/nowhere")));
    Files.writeString(folder.tools().resolve("start"), script);
    try (PipeFiles files = new PipeFiles(folder)) {
      RunHandle run = runtime.launch(spec);
      assertTrue(run.awaitGone(Duration.ofSeconds(30)), "it does not end");
      assertEquals("null", String.valueOf(run.exit().problem()));
      return files.whole("stdout");
    }
  }
}
