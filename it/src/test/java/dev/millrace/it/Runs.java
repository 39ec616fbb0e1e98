package dev.millrace.it;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** An installation whose executions all run in one way: as processes, or in containers. */
record Runs(Distribution millrace, Optional<Registry> registry, Optional<String> image)
    implements AutoCloseable {
  private static final Map<String, String> SETTINGS =
      Map.of(
          "MILLRACE_STOP_GRACE_SECONDS",
          "5",
          "MILLRACE_IMAGE_SECONDS",
          "3",
          "MILLRACE_INPUT_ALLOW",
          "127.0.0.1/32",
          "MILLRACE_IMAGE_ALLOW",
          "127.0.0.1");

  static Runs asProcesses() {
    return asProcesses(Map.of());
  }

  /** With further settings. */
  static Runs asProcesses(Map<String, String> more) {
    return new Runs(Distribution.start(with(more)), Optional.empty(), Optional.empty());
  }

  private static Map<String, String> with(Map<String, String> more) {
    Map<String, String> settings = new HashMap<>(SETTINGS);
    settings.putAll(more);
    return settings;
  }

  /**
   * In containers of the engine of this machine, from an image in a registry of its own that asks
   * for a login.
   */
  static Runs inDocker() {
    return inDocker(Map.of());
  }

  /** With further settings. */
  static Runs inDocker(Map<String, String> more) {
    Machine.require(Machine.dockerAnswers(), "a Docker engine that answers");
    Machine.require(Machine.has("docker-registry"), "docker-registry");
    Registry registry = Registry.start();
    try {
      String image = registry.pushTools("it/tools:1");
      Map<String, String> settings = with(more);
      settings.put("DOCKER_HOST", Machine.dockerHost());
      Distribution millrace = Distribution.unpack(settings);
      Files.writeString(
          millrace.home().resolve("conf/dev.millrace.registry.docker~it.json"),
          Api.JSON.writeValueAsString(registry.account()));
      millrace.boot();
      Runs runs = new Runs(millrace, Optional.of(registry), Optional.of(image));
      runs.awaitRegistry();
      return runs;
    } catch (IOException e) {
      registry.close();
      throw new UncheckedIOException(e);
    }
  }

  private void awaitRegistry() {
    Machine.await(
        "the registry account",
        Distribution.BOOT,
        () -> {
          JsonNode plugins = millrace.admin().get("/api/v0/server/plugins/").expectSuccess();
          for (JsonNode plugin : plugins.findParents("state")) {
            if (plugin.toString().contains("registry-docker")
                && plugin.get("state").asText().equals("READY")) {
              return Optional.of(true);
            }
          }
          throw new IllegalStateException(plugins.toString());
        });
  }

  /** A new project of the user ada. */
  Project project(String name) {
    Project project = Project.of(millrace.user("ada"), name);
    return image.map(project::in).orElse(project);
  }

  @Override
  public void close() {
    millrace.close();
    registry.ifPresent(Registry::close);
  }
}
