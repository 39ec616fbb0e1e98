package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The file-system store's jar is taken out while executions run, and put back. */
@Tag("plugins")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PluginsIT {
  private static final String STORE = "dev.millrace.storage-filesystem";
  private static final String ACCOUNT = "conf/dev.millrace.store.filesystem~";
  private static final Duration LIMIT = Duration.ofSeconds(90);

  private Distribution millrace;
  private Api admin;
  private Project project;

  @BeforeAll
  void start() {
    millrace = Distribution.start(Map.of());
    admin = millrace.admin();
    project = Project.of(millrace.user("ada"), "plugins");
  }

  @AfterAll
  void stop() {
    millrace.close();
  }

  @Test
  void executionsOutliveTheirStoreAndWaitForIt() throws IOException {
    awaitState("READY");
    // Long enough to be running when its store goes, and over before that comes back.
    Code patient =
        Code.script("echo begun; sleep 15; echo kept > $VH_OUTPUTS_DIR/a.txt; echo ended");
    String running = project.run(patient);
    project.awaitLine(running, "begun");
    int mark = Files.readString(millrace.log()).length();

    Path jar = jar();
    Path aside = millrace.folder().resolve(jar.getFileName());
    Files.move(jar, aside, StandardCopyOption.ATOMIC_MOVE);
    awaitMissing();

    String waiting = runWithoutStore();
    Machine.await(
        "a reason that names the store",
        LIMIT,
        () ->
            project.detail(waiting).path("status_detail").asText().contains("store")
                ? Optional.of(true)
                : Optional.empty());
    assertEquals(200, admin.get("/api/v0/projects/").status());
    project.awaitLine(running, "ended");
    Machine.await(
        "the reason why the outputs wait",
        LIMIT,
        () ->
            project.detail(running).path("status_detail").asText().startsWith("Its outputs wait: ")
                ? Optional.of(true)
                : Optional.empty());
    assertEquals("started", project.detail(running).get("status").asText());
    assertEquals("queued", project.detail(waiting).get("status").asText());

    Files.move(aside, jar, StandardCopyOption.ATOMIC_MOVE);
    awaitState("READY");
    assertEquals("complete", project.api().awaitEnd(running, LIMIT).get("status").asText());
    assertEquals("kept\n", project.output(running, "a.txt"));
    assertTrue(project.log(running, Optional.of("stdout")).contains("ended"));
    assertEquals("complete", project.api().awaitEnd(waiting, LIMIT).get("status").asText());

    String since = Files.readString(millrace.log()).substring(mark);
    Set<String> stopped = new TreeSet<>();
    Matcher matcher = Pattern.compile("bundle event=stopped name=(\\S+)").matcher(since);
    while (matcher.find()) {
      stopped.add(matcher.group(1));
    }
    assertEquals(Set.of(STORE), stopped);
  }

  /** Another run of code that is in the store already: nothing can be uploaded while it is away. */
  private String runWithoutStore() {
    JsonNode first =
        project
            .api()
            .get("/api/v0/executions/?project=" + project.id())
            .expectSuccess()
            .at("/results/0");
    String commit = project.detail(first.get("id").asText()).at("/commit/identifier").asText();
    return project
        .api()
        .post(
            "/api/v0/executions/", Map.of("project", project.id(), "commit", commit, "step", "run"))
        .expectSuccess()
        .get("id")
        .asText();
  }

  private Path jar() throws IOException {
    try (Stream<Path> jars = Files.list(millrace.home().resolve("plugins"))) {
      return jars.filter(j -> j.getFileName().toString().startsWith(STORE))
          .findFirst()
          .orElseThrow();
    }
  }

  private void awaitState(String state) {
    Machine.await(
        "state " + state + " of the store plugin in " + plugins(),
        LIMIT,
        () -> {
          for (JsonNode plugin : plugins()) {
            if (plugin.toString().contains(STORE) && plugin.get("state").asText().equals(state)) {
              return Optional.of(true);
            }
          }
          return Optional.empty();
        });
  }

  /** Taken out: the plugin is gone from the list, and its account says what it misses. */
  private void awaitMissing() {
    Machine.await(
        "the removal of the store plugin",
        LIMIT,
        () -> {
          boolean unclaimed = false;
          for (JsonNode plugin : plugins()) {
            if (plugin.path("name").asText().equals(STORE)) {
              return Optional.empty();
            }
            unclaimed |=
                plugin.path("file").asText().startsWith(ACCOUNT)
                    && plugin.get("state").asText().equals("UNCLAIMED")
                    && !plugin.path("reason").asText().isEmpty();
          }
          return unclaimed ? Optional.of(true) : Optional.empty();
        });
  }

  private List<JsonNode> plugins() {
    JsonNode answer = admin.get("/api/v0/server/plugins/").expectSuccess();
    List<JsonNode> list = new java.util.ArrayList<>();
    (answer.has("results") ? answer.get("results") : answer).forEach(list::add);
    return list;
  }
}
