package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The plugin of one class, dropped into a running installation: it is asked for a machine. */
@Tag("plugins")
class SamplePluginIT {
  private static final Duration LIMIT = Duration.ofSeconds(120);

  @Test
  void aPluginDroppedInRunsAndIsAskedForAMachine() throws Exception {
    try (Distribution millrace = Distribution.start(Map.of())) {
      Path orders = millrace.folder().resolve("orders");
      Files.write(
          millrace.home().resolve("conf/org.example.orders~lab.json"),
          Api.JSON.writeValueAsBytes(Map.of("folder", orders.toString())));
      Path part = millrace.folder().resolve("part");
      Files.copy(jar(), part);
      Files.move(
          part, millrace.home().resolve("plugins/orders.jar"), StandardCopyOption.ATOMIC_MOVE);
      Api admin = millrace.admin();
      Machine.await(
          "the plugin and its account",
          LIMIT,
          () -> {
            JsonNode plugin = plugin(admin);
            return plugin.path("state").asText().equals("READY")
                    && plugin.at("/services/0/name").asText().equals("lab")
                ? Optional.of(plugin)
                : Optional.empty();
          });
      admin
          .post(
              "/api/v0/environments/",
              Map.of(
                  "name",
                  "lab",
                  "slug",
                  "lab",
                  "provider",
                  "lab",
                  "machine_type",
                  "any",
                  "slots",
                  1,
                  "scale_max",
                  1))
          .expectSuccess();
      Project project = Project.of(millrace.user("ada"), "lab");
      String execution = project.run(Code.script("true"), Map.of("environment", "lab"));
      Path order = Machine.await("an order", LIMIT, () -> orders(orders).stream().findFirst());
      assertFalse(Files.readAllLines(order).get(0).isBlank(), "no group in the order");
      assertEquals(
          "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(order)));
      project.stop(execution);
    }
  }

  private static List<Path> orders(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(f -> !f.getFileName().toString().startsWith(".")).toList();
    }
  }

  private static JsonNode plugin(Api admin) {
    for (JsonNode plugin : admin.get("/api/v0/server/plugins/").expectSuccess().get("results")) {
      if (plugin.get("name").asText().equals("org.example.orders")) {
        return plugin;
      }
    }
    return Api.JSON.createObjectNode();
  }

  private static Path jar() {
    return Machine.repository()
        .resolve(
            "examples/plugin/target/orders-"
                + System.getProperty("millrace.version", "0.1.0")
                + ".jar");
  }
}
