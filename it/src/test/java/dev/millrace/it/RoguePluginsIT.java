package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Plugins that break the rules, all at once in one installation: each is named with what is wrong,
 * and the others go on.
 */
@Tag("rogue")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RoguePluginsIT {
  private static final Duration LIMIT = Duration.ofSeconds(120);
  private static final List<String> COMPUTE =
      List.of("constructor", "hangs", "liar", "throws", "twice", "vanishes");

  private Distribution millrace;
  private Api admin;
  private Project project;
  private Path folder;
  private int mark;

  @BeforeAll
  void start() throws IOException {
    millrace = Distribution.start(Map.of());
    admin = millrace.admin();
    project = Project.of(millrace.user("ada"), "rogue");
    folder = Files.createDirectory(millrace.folder().resolve("rogue"));
    mark = Files.readString(millrace.log()).length();
    for (String mode : COMPUTE) {
      RogueJar.compute(mode).dropInto(millrace, folder);
    }
    RogueJar.threads().dropInto(millrace, folder);
    RogueJar.compute("newer").newer().dropInto(millrace, folder);
    RogueJar.registry("late").dropInto(millrace, folder);
    RogueJar.registry("deaf").dropInto(millrace, folder);
    for (String mode : List.of("hangs", "liar", "throws", "twice", "vanishes")) {
      group(mode);
      project.run(Code.script("true"), Map.of("environment", mode));
    }
  }

  @AfterAll
  void stop() throws IOException {
    if (folder != null) {
      Files.createFile(folder.resolve("end"));
    }
    if (millrace != null) {
      millrace.close();
    }
  }

  private void group(String mode) {
    Map<String, Object> body = new HashMap<>();
    body.putAll(Map.of("name", mode, "slug", mode, "provider", mode, "machine_type", "any"));
    body.putAll(Map.of("slots", 1, "scale_max", 1, "runtime", "process"));
    admin.post("/api/v0/environments/", body).expectSuccess();
  }

  @Test
  void eachIsNamedWithWhatIsWrongAndTheOthersGoOn() throws Exception {
    // It is in the middle of a call when its jar goes.
    Machine.await("a call", LIMIT, () -> told("vanishes nodes"));
    Files.delete(RogueJar.compute("vanishes").file(millrace));
    Machine.await("a call", LIMIT, () -> told("hangs nodes"));
    assertComplete();

    awaitPlugin("constructor", p -> state(p, "FAILED") && says(p, "it throws when it is made"));
    awaitPlugin("newer", p -> state(p, "REFUSED") && says(p, "[9.1,10)"));
    awaitPlugin("throws", p -> state(p, "QUARANTINED") && says(p, "it throws what it may not"));
    awaitReason("throws", "it throws what it may not");
    awaitReason("liar", "UNSUPPORTED");
    awaitPlugin("twice", p -> state(p, "READY"));
    String surplus =
        Machine.await("the second machine's release", LIMIT, () -> told("twice release"));
    assertTrue(surplus.contains("-second "), surplus);

    // Images that nobody serves, that one registry never answers for, and a plain one after them.
    // While a plugin drains, jars and accounts that came after it wait.
    awaitPlugin("late", p -> p.get("services").size() == 1);
    awaitPlugin("deaf", p -> p.get("services").size() == 1);
    String late = imageRun("late.example/it:1");
    awaitQueued(late);
    awaitPlugin("late", p -> state(p, "DEGRADED") && says(p, "resolve did not end within"));
    awaitPlugin("deaf", p -> state(p, "DEGRADED") && says(p, "serves did not end within"));

    awaitPlugin("threads", p -> state(p, "READY"));
    Files.delete(RogueJar.threads().file(millrace));
    awaitPlugin("threads", p -> says(p, "3 threads of it still run (rogue-thread-0"));
    Machine.await(
        "the end of the plugin that vanished",
        LIMIT,
        () -> plugin("vanishes").isEmpty() ? Optional.of(true) : Optional.empty());
    awaitReason("vanishes", "is missing");
    assertComplete();
    assertTrue(plugin("hangs").isPresent());
    assertNobodyElseStopped();
  }

  private void assertComplete() {
    String execution = project.run(Code.script("echo kept > $VH_OUTPUTS_DIR/a.txt"));
    JsonNode detail = project.api().awaitEnd(execution, LIMIT);
    assertEquals("complete", detail.get("status").asText(), detail.toPrettyString());
    assertEquals("kept\n", project.output(execution, "a.txt"));
    assertEquals(200, admin.get("/ready").status());
    for (String good : List.of("dev.millrace.storage-filesystem", "dev.millrace.provider-onprem")) {
      JsonNode plugin = named(good).orElseThrow();
      assertEquals("READY", plugin.get("state").asText(), plugin.toPrettyString());
    }
  }

  /** By the framework's own bundle events. */
  private void assertNobodyElseStopped() throws IOException {
    String since = Files.readString(millrace.log()).substring(mark);
    Set<String> stopped = new TreeSet<>();
    Matcher matcher = Pattern.compile("bundle event=stopped name=(\\S+)").matcher(since);
    while (matcher.find()) {
      stopped.add(matcher.group(1));
    }
    assertEquals(Set.of(RogueJar.PREFIX + "threads", RogueJar.PREFIX + "vanishes"), stopped);
  }

  /** A run for containers: no worker takes it, but its image is asked for. */
  private String imageRun(String image) {
    Map<String, Object> body = new HashMap<>();
    body.putAll(Map.of("name", "containers", "slug", "containers", "runtime", "docker"));
    admin.post("/api/v0/environments/", body).expectSuccess();
    return project.run(Code.script("true"), Map.of("environment", "containers", "image", image));
  }

  private void awaitQueued(String execution) {
    Machine.await(
        "the queue",
        LIMIT,
        () ->
            project.detail(execution).get("status").asText().equals("queued")
                ? Optional.of(true)
                : Optional.empty());
  }

  /** The waiting execution of a group says why. */
  private void awaitReason(String group, String words) {
    Machine.await(
        "\"" + words + "\" as the reason why an execution of " + group + " waits",
        LIMIT,
        () -> {
          JsonNode all =
              project
                  .api()
                  .get("/api/v0/executions/?project=" + project.id())
                  .expectSuccess()
                  .get("results");
          for (JsonNode each : all) {
            JsonNode detail = project.detail(each.get("id").asText());
            if (detail.at("/environment/slug").asText().equals(group)
                && detail.path("status_detail").asText().contains(words)) {
              return Optional.of(true);
            }
          }
          return Optional.empty();
        });
  }

  private static boolean state(JsonNode plugin, String state) {
    return plugin.path("state").asText().equals(state);
  }

  private static boolean says(JsonNode plugin, String words) {
    return plugin.path("reason").asText().contains(words);
  }

  private void awaitPlugin(String mode, Predicate<JsonNode> such) {
    Machine.await(
        "what is said of " + mode,
        LIMIT,
        () -> {
          Optional<JsonNode> plugin = plugin(mode);
          if (plugin.isPresent() && such.test(plugin.get())) {
            return plugin;
          }
          throw new IllegalStateException(plugin.toString());
        });
  }

  private Optional<JsonNode> plugin(String mode) {
    return named(RogueJar.PREFIX + mode).or(() -> named(RogueJar.PREFIX + mode + ".jar"));
  }

  private Optional<JsonNode> named(String name) {
    for (JsonNode plugin : admin.get("/api/v0/server/plugins/").expectSuccess().get("results")) {
      if (plugin.path("name").asText().equals(name) && !state(plugin, "UNCLAIMED")) {
        return Optional.of(plugin);
      }
    }
    return Optional.empty();
  }

  private Optional<String> told(String what) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith(what))
          .findFirst();
    }
  }
}
