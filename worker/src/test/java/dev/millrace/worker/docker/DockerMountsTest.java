package dev.millrace.worker.docker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.worker.runtime.PipeFiles;
import dev.millrace.worker.runtime.RunFolder;
import dev.millrace.worker.runtime.RunHandle;
import dev.millrace.worker.runtime.RunSpec;
import dev.millrace.worker.runtime.RunUser;
import dev.millrace.worker.wire.Assignment;
import dev.millrace.worker.wire.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a container sees of a mount is what the worker has looked at. */
@Tag("docker")
class DockerMountsTest {
  private static final ObjectMapper JSON = Json.mapper();
  private static final String IMAGE = "millrace-mounts-test:" + ProcessHandle.current().pid();

  @TempDir Path dir;
  private Path data;
  private RunFolder folder;
  private RunHandle run;
  private PipeFiles files;

  @BeforeEach
  void make() throws Exception {
    sh("src/test/docker/tools-image.sh " + IMAGE);
    dir = dir.toRealPath();
    Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
    data = Files.createDirectories(dir.resolve("data/a b"));
    Files.writeString(data.resolve("given"), "from outside");
    folder = new RunFolder(dir.resolve("worker/runs/one"));
    folder.create();
    files = new PipeFiles(folder);
    Files.writeString(folder.tools().resolve("start"), "cat /data/x/given\n");
  }

  @AfterEach
  void remove() throws Exception {
    if (run != null) {
      run.remove();
    }
    files.close();
    sh("docker rmi -f " + IMAGE);
  }

  private RunSpec spec(Consumer<String> told) throws IOException {
    ObjectNode assignment =
        (ObjectNode) JSON.readTree(Path.of("../docs/wire/assignment.json").toFile());
    assignment.put("executionId", UUID.randomUUID().toString());
    assignment.putObject("image").put("reference", IMAGE);
    ObjectNode limits = (ObjectNode) assignment.get("limits");
    limits.put("memoryMiB", 0);
    limits.putArray("gpus");
    assignment.putArray("mountAllow").add(dir.resolve("data").toString());
    assignment
        .putArray("mounts")
        .addObject()
        .put("source", data.toString())
        .put("destination", "/data/x")
        .put("readOnly", true);
    return new RunSpec(JSON.treeToValue(assignment, Assignment.class), folder, told, () -> false);
  }

  private RunHandle launched(RunSpec spec) throws Exception {
    String host = System.getenv("DOCKER_HOST");
    Path folder = spec.folder().root();
    DockerRuntime runtime =
        new DockerRuntime(
            host == null ? "unix:///var/run/docker.sock" : host,
            RunUser.current(),
            JSON,
            new ImageCache(
                folder, new ImageCache.Limits(Long.MAX_VALUE, 100), JSON, Clock.systemUTC()));
    runtime.prepare(spec);
    run = runtime.launch(spec);
    assertTrue(run.awaitGone(Duration.ofSeconds(30)));
    return run;
  }

  private static void sh(String script) throws IOException, InterruptedException {
    Process process = new ProcessBuilder("/bin/sh", "-c", script).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), script);
    assertEquals(0, process.exitValue(), script + ": " + output);
  }

  @Test
  void theContainerSeesTheFolder() throws Exception {
    RunHandle ended = launched(spec(line -> {}));
    assertEquals("from outside", files.whole("stdout"));
    assertEquals(Integer.valueOf(0), ended.exit().code());
  }

  @Test
  void aPathThatBecomesALinkAfterTheCheckIsNotMounted() throws Exception {
    Path secret = Files.createDirectories(dir.resolve("secret"));
    Files.writeString(secret.resolve("given"), "not yours");
    // The last moment before the start: what is told of the mount comes after the check.
    RunHandle ended =
        launched(
            spec(
                line -> {
                  if (line.startsWith("/data/x")) {
                    try {
                      Files.move(data, dir.resolve("moved"));
                      Files.createSymbolicLink(data, secret);
                    } catch (IOException e) {
                      throw new UncheckedIOException(e);
                    }
                  }
                }));
    String log = files.whole("stdout");
    assertFalse(log.contains("not yours"), "user code saw what it was not given");
    assertEquals("", log, "user code was started");
    String problem = String.valueOf(ended.exit().problem());
    assertTrue(problem.contains("cannot mount " + data), problem);
  }
}
