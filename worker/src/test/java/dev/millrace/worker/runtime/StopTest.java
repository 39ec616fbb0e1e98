package dev.millrace.worker.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.worker.wire.Assignment;
import dev.millrace.worker.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A stop under every isolation that this machine allows. */
class StopTest {
  private static final ObjectMapper JSON = Json.mapper();

  static final ProcessOptions TRUSTED =
      new ProcessOptions(ProcessOptions.Trust.EVERYBODY, List.of(), Path.of("/nowhere"));

  @TempDir Path dir;

  static List<Isolation> possible() throws IOException {
    RunUser user = RunUser.current();
    Isolation best = Isolation.probe(user.uid());
    List<Isolation> possible = new ArrayList<>(List.of(Isolation.PLAIN));
    if (user.root() && best != Isolation.PLAIN) {
      possible.add(Isolation.ROOT_PLAIN);
    }
    if (best.namespaced()) {
      possible.add(best);
    }
    if (user.root() && Isolation.userNamespaces(user.uid())) {
      possible.add(Isolation.USER_NAMESPACE);
    }
    return possible;
  }

  /**
   * The one in the foreground ends at once, so that only the other keeps the run. A shell starts
   * that with SIGINT ignored, which a program may change and another shell may not.
   */
  @ParameterizedTest
  @MethodSource("possible")
  void theRunLastsUntilItsBackgroundProcessHasEndedToo(Isolation isolation) throws Exception {
    Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwx--x--x"));
    RunFolder folder = new RunFolder(dir.resolve("run"));
    folder.create();
    Files.setPosixFilePermissions(folder.outputs(), PosixFilePermissions.fromString("rwxrwxrwx"));
    Files.writeString(folder.tools().resolve("start"), "sh \"$1/middle\" \"$1\"\n");
    Files.writeString(
        folder.tools().resolve("middle"),
        "perl \"$1/listen\" background 1 \"$1/../outputs\" &\n"
            + "perl \"$1/listen\" foreground 0 \"$1/../outputs\"\n");
    Files.writeString(
        folder.tools().resolve("listen"),
        """
        $| = 1;
        my ($name, $seconds, $folder) = @ARGV;
        $SIG{INT} = sub {
          select(undef, undef, undef, $seconds);
          open(my $out, '>', "$folder/$name") or die $!;
          close $out;
          exit 0;
        };
        print "up\\n";
        sleep 1 while 1;
        """);
    ProcessRuntime runtime = new ProcessRuntime(isolation, RunUser.current(), TRUSTED);
    PipeFiles files = new PipeFiles(folder);
    RunHandle run = runtime.launch(new RunSpec(assignment(), folder, line -> {}, () -> false));
    try (files) {
      long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
      while (!files.soFar("stdout").equals("up\nup\n")) {
        assertTrue(System.nanoTime() < end, () -> "it does not start: " + said(folder));
        assertEquals(false, run.awaitGone(Duration.ofMillis(50)), () -> said(folder));
      }
      run.interrupt();
      assertTrue(run.awaitGone(Duration.ofSeconds(10)), "it does not end");
      assertTrue(Files.exists(folder.outputs().resolve("foreground")));
      assertTrue(
          Files.exists(folder.outputs().resolve("background")),
          "the background process was ended before it had written its output");
    } finally {
      run.kill();
      assertTrue(run.awaitGone(Duration.ofSeconds(10)));
    }
  }

  private static Assignment assignment() throws IOException {
    ObjectNode assignment =
        (ObjectNode) JSON.readTree(Path.of("../docs/wire/assignment.json").toFile());
    assignment.putArray("mounts");
    return JSON.treeToValue(assignment, Assignment.class);
  }

  private static String said(RunFolder folder) {
    StringBuilder text = new StringBuilder();
    for (String file : List.of("state/supervisor.log", "state/problem", "log/stderr.log")) {
      try {
        text.append(RunFolder.text(folder.root().resolve(file)).orElse(""));
      } catch (IOException e) {
        text.append(e);
      }
    }
    return text.toString();
  }
}
