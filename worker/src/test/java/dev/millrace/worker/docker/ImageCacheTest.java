package dev.millrace.worker.docker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.worker.runtime.RunFolder;
import dev.millrace.worker.runtime.RunSpec;
import dev.millrace.worker.runtime.RunUser;
import dev.millrace.worker.wire.Assignment;
import dev.millrace.worker.wire.Json;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images of a real registry in a real engine, three of which are too much. */
@Tag("docker")
class ImageCacheTest {
  private static final long MIB = 1 << 20;
  private static final List<String> NAMES = List.of("a", "b", "c", "d");

  @TempDir static Path registryFolder;
  private static Process registry;
  private static String host;

  @TempDir Path dir;
  private final ObjectMapper json = Json.mapper();
  private DockerRuntime runtime;

  @BeforeAll
  static void push() throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    host = "127.0.0.1:" + port;
    Path config = registryFolder.resolve("config.yml");
    Files.writeString(
        config,
        """
        version: 0.1
        storage: {filesystem: {rootdirectory: %s}}
        http: {addr: %s}
        """
            .formatted(registryFolder.resolve("data"), host));
    registry =
        new ProcessBuilder("docker-registry", "serve", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(registryFolder.resolve("log").toFile())
            .start();
    for (String name : NAMES) {
      Path content = Files.createDirectory(registryFolder.resolve(name));
      sh("head -c 4M /dev/urandom >" + content.resolve("file"));
      sh("tar -C " + content + " -c . | docker import - " + image(name));
      // The registry may be about to start.
      sh("for i in $(seq 100); do docker push -q " + image(name) + " && exit; sleep 0.1; done");
      sh("docker rmi " + image(name));
    }
  }

  @AfterAll
  static void stop() throws Exception {
    registry.destroy();
    registry.waitFor();
  }

  @BeforeEach
  void open() throws IOException {
    Files.createDirectories(dir.resolve("runs"));
    ImageCache.Limits limits = new ImageCache.Limits(10 * MIB, 100);
    runtime =
        new DockerRuntime(
            System.getenv().getOrDefault("DOCKER_HOST", "unix:///var/run/docker.sock"),
            RunUser.current(),
            json,
            new ImageCache(dir, limits, json, Clock.systemUTC()));
  }

  @AfterEach
  void clean() throws Exception {
    for (String name : NAMES) {
      sh("docker rmi -f " + image(name) + " || :");
    }
  }

  private static String image(String name) {
    return host + "/it/" + name + ":1";
  }

  private static String sh(String script) throws IOException, InterruptedException {
    Process process = new ProcessBuilder("/bin/sh", "-c", script).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), script);
    assertEquals(0, process.exitValue(), script + ": " + output);
    return output.strip();
  }

  /** Brings the image of a run; the run's folder holds it until that is removed. */
  private RunFolder run(String name) throws Exception {
    String id = UUID.randomUUID().toString();
    ObjectNode assignment =
        (ObjectNode) json.readTree(Path.of("../docs/wire/assignment.json").toFile());
    assignment.put("executionId", id);
    assignment.putObject("image").put("reference", image(name)).put("allowed", true);
    RunFolder folder = new RunFolder(dir.resolve("runs").resolve(id));
    folder.create();
    runtime.prepare(
        new RunSpec(
            json.treeToValue(assignment, Assignment.class), folder, line -> {}, () -> false));
    return folder;
  }

  private void ended(RunFolder run) throws Exception {
    sh("rm -r " + run.root());
  }

  private List<String> there() throws Exception {
    String all = sh("docker images --format '{{.Repository}}'");
    return NAMES.stream()
        .filter(name -> all.lines().anyMatch(line -> line.equals(host + "/it/" + name)))
        .toList();
  }

  @Test
  void whatWasNotUsedForLongestGoesFirst() throws Exception {
    ended(run("a"));
    ended(run("b"));
    ended(run("a"));
    ended(run("c"));
    assertEquals(List.of("a", "c"), there());
  }

  @Test
  void whatARunOrAContainerNeedsStays() throws Exception {
    run("a");
    ended(run("b"));
    String container = sh("docker create " + image("b") + " /file");
    try {
      ended(run("c"));
      assertEquals(List.of("a", "b", "c"), there(), "one is held by a run, one by a container");
    } finally {
      sh("docker rm " + container);
    }
    ended(run("d"));
    assertEquals(List.of("a", "d"), there());
  }

  @Test
  void whatOthersBroughtStays() throws Exception {
    sh("docker pull -q " + image("a"));
    ended(run("a"));
    ended(run("b"));
    ended(run("c"));
    ended(run("d"));
    assertTrue(there().contains("a"), "it was not pulled by the worker");
    assertEquals(List.of("a", "c", "d"), there());
  }
}
