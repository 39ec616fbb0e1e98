package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * A data scientist's work from a Git repository with the unmodified client: rungs 6 and 7 of what
 * public clients ask for.
 */
@Tag("vh67")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class Vh67IT {
  private static final Duration LIMIT = Duration.ofSeconds(120);
  private static final String SECRET = "canary-for-vh";
  private static final String YAML =
      """
      - step:
          name: run
          image: it-tools
          command:
            - printf '%s|%s|%s|%s' "$PLAIN" "$KEY" "$GROUP" "$WORD" > "$VH_OUTPUTS_DIR/seen.txt"
            - cat "$VH_INPUTS_DIR/data/"* > "$VH_OUTPUTS_DIR/copy.txt" 2>/dev/null || true
            - cat version.txt
          inputs:
            - name: data
              optional: true
          environment-variables:
            - name: WORD
              default: step
      """;

  private Distribution millrace;
  private Api ada;
  private Path folder;
  private Vh vh;
  private Project project;
  private String first = "";
  private String second = "";
  private String environment = "";

  @BeforeAll
  void start() throws IOException {
    Path allowed = Files.createTempDirectory("it-vh67").toRealPath();
    folder = Files.createDirectory(allowed.resolve("code"));
    millrace = Distribution.start(Map.of("MILLRACE_GIT_ALLOW", allowed.toString()));
    ada = millrace.user("ada");
    Files.writeString(folder.resolve("valohai.yaml"), YAML);
    git("init", "-q", "-b", "main");
    first = commit("one");
    vh = Vh.in(folder);
    vh.ok("login", "--host", millrace.address(), "--token", ada.token());
    String made = vh.ok("project", "create", "-n", "seven", "--link", "-y");
    assertTrue(made.contains("seven created"), made);
    JsonNode found = ada.get("/api/v0/projects/?limit=1000").expectSuccess().at("/results/0");
    project = new Project(ada, found.get("id").asText(), Map.of());
    ada.method(
            "PUT",
            "/api/v0/projects/" + project.id() + "/repository/",
            Map.of("url", folder.toString(), "ref", "main"))
        .expectSuccess();
    environment = ada.get("/api/v0/environments/").expectSuccess().at("/results/0/slug").asText();
  }

  @AfterAll
  void stop() {
    millrace.close();
  }

  private String commit(String version) throws IOException {
    Files.writeString(folder.resolve("version.txt"), "version " + version + "\n");
    git("add", "-A");
    git("commit", "-q", "-m", version);
    return git("rev-parse", "HEAD").strip();
  }

  private String git(String... arguments) {
    List<String> command =
        new ArrayList<>(List.of("git", "-c", "user.name=it", "-c", "user.email=it@localhost"));
    command.addAll(List.of(arguments));
    return Machine.run(folder, command).expectSuccess();
  }

  /** Waits for the execution of that number to complete, and returns its detail. */
  private JsonNode completed(int counter) {
    String name = project.id() + ":" + counter;
    String id = ada.get("/api/v0/executions/" + name + "/").expectSuccess().get("id").asText();
    JsonNode detail = ada.awaitEnd(id, LIMIT);
    assertEquals("complete", detail.get("status").asText(), detail.toPrettyString());
    return detail;
  }

  private String output(JsonNode detail, String name) {
    return project.output(detail.get("id").asText(), name);
  }

  private static String flat(String text) {
    return text.replaceAll(" +", " ");
  }

  @Test
  @Order(1)
  void environmentsAreListedWithGpusPricesAndQueues() {
    String list = flat(vh.ok("environments", "-g", "-p", "-q"));
    for (String part :
        List.of(environment, "GPU Specification", "Per-Hour USD", "unlimited", "Jobs in Queue")) {
      assertTrue(list.contains(part), part + " is not in\n" + list);
    }
    assertTrue(vh.ok("environments").contains(environment));
  }

  @Test
  @Order(2)
  void variablesOfTheProjectAreSetListedAndDeleted() throws IOException {
    String made = vh.ok("project", "environment-variables", "create", "PLAIN=plain", "GONE=x");
    assertTrue(made.contains("Added 2 environment variables"), made);
    vh.ok("project", "environment-variables", "create", "--secret", "KEY=" + SECRET);
    String list = vh.ok("project", "environment-variables", "list");
    assertTrue(list.contains("PLAIN") && list.contains("plain") && list.contains("KEY"), list);
    assertFalse(list.contains(SECRET), list);
    JsonNode json =
        Api.JSON.readTree(
            vh.ok("--output-format", "json", "project", "environment-variables", "list"));
    assertTrue(json.at("/KEY/secret").asBoolean() && json.at("/KEY/value").isNull());
    vh.ok("project", "environment-variables", "delete", "GONE");
    Machine.Result again = vh.run("project", "environment-variables", "delete", "GONE");
    assertEquals(1, again.code(), again.output());
    assertTrue(again.output().contains("not found"), again.output());
    Machine.Result bad = vh.run("project", "environment-variables", "create", "1BAD=x");
    assertNotEquals(0, bad.code());
    assertTrue(bad.output().contains("begins with no digit"), bad.output());
  }

  @Test
  @Order(3)
  void commitsAreFetchedListedAndRun() throws IOException {
    String fetched = vh.ok("project", "fetch");
    assertTrue(fetched.contains(first.substring(0, 7)) || fetched.contains(first), fetched);
    second = commit("two");
    vh.ok("project", "fetch");
    String list = vh.ok("project", "commits");
    assertTrue(list.contains(first) && list.contains(second + " (current)"), list);
    String made = vh.ok("exec", "run", "run");
    assertTrue(made.contains("#1 created"), made);
    JsonNode detail = completed(1);
    assertEquals(second, detail.at("/commit/identifier").asText());
    assertEquals("plain|" + SECRET + "||step", output(detail, "seen.txt"));
    String log = vh.ok("exec", "logs", "1");
    assertTrue(log.contains("version two"), log);
    assertFalse(log.contains(SECRET), log);
  }

  @Test
  @Order(4)
  void anEarlierCommitIsNamedByThePrefixOfItsHash() {
    vh.ok("exec", "run", "--commit", first.substring(0, 6), "run");
    JsonNode detail = completed(2);
    assertEquals(first, detail.at("/commit/identifier").asText());
    assertTrue(
        project.log(detail.get("id").asText(), Optional.of("stdout")).contains("version one"));
    Machine.Result unknown = vh.run("exec", "run", "--commit", "0123456789", "run");
    assertNotEquals(0, unknown.code());
  }

  @Test
  @Order(5)
  void everyOptionOfARunArrives() {
    String group =
        ada.post(
                "/api/v0/environment-variable-groups/",
                Map.of(
                    "name",
                    "shared",
                    "environment_variables",
                    Map.of("GROUP", Map.of("value", "group", "secret", true))))
            .expectSuccess()
            .get("id")
            .asText();
    vh.ok(
        "exec",
        "run",
        "-e",
        environment,
        "-i",
        "it-other",
        "-t",
        "Named",
        "--var",
        "WORD=given",
        "--tag",
        "red",
        "--tag",
        "blue",
        "--priority",
        "5",
        "--time-limit",
        "1h30m",
        "--autorestart",
        "--environment-variable-groups",
        group,
        "--k8s-cpu-min",
        "0.5",
        "--k8s-memory-min",
        "256",
        "--k8s-memory-max",
        "512",
        "--k8s-device-none",
        "--k8s-cache-volume-none",
        "run");
    JsonNode detail = completed(3);
    assertEquals("plain|" + SECRET + "|group|given", output(detail, "seen.txt"));
    assertEquals(environment, detail.at("/environment/slug").asText());
    assertEquals("it-other", detail.get("image").asText());
    assertEquals("Named", detail.get("title").asText());
    assertEquals("[\"red\",\"blue\"]", detail.get("tags").toString());
    assertEquals(5, detail.get("priority").asInt());
    assertEquals(5400, detail.get("time_limit").asInt());
    assertTrue(detail.get("autorestart").asBoolean());
    assertEquals(group, detail.at("/environment_variable_groups/0").asText());
    JsonNode resources = detail.at("/runtime_config/kubernetes/containers/workload/resources");
    assertEquals(256, resources.at("/requests/memory").asInt(), detail.toString());
    assertEquals(512, resources.at("/limits/memory").asInt());
    Machine.Result device = vh.run("exec", "run", "--k8s-device", "nvidia.com/gpu=1", "run");
    assertNotEquals(0, device.code());
    assertTrue(device.output().contains("Devices cannot be asked for"), device.output());
    Machine.Result nowhere = vh.run("exec", "run", "-e", "moon", "run");
    assertNotEquals(0, nowhere.code());
    assertTrue(nowhere.output().contains("vh environments"), nowhere.output());
    vh.ok("exec", "run", "--environment-variable-groups", "shared", "run");
    assertEquals("plain|" + SECRET + "|group|step", output(completed(4), "seen.txt"));
  }

  @Test
  @Order(6)
  void anAliasIsListedAndIsAnInput() {
    String none = vh.ok("alias", "list");
    assertTrue(none.contains("No data aliases"), none);
    String datum =
        ada.get("/api/v0/data/?project=" + project.id() + "&name=seen.txt&ordering=ctime")
            .expectSuccess()
            .at("/results/0/id")
            .asText();
    ada.post(
            "/api/v0/datum-aliases/",
            Map.of("project", project.id(), "name", "best", "datum", datum))
        .expectSuccess();
    String list = flat(vh.ok("alias", "list"));
    assertTrue(list.contains("datum://best") && list.contains("seen.txt"), list);
    vh.ok("exec", "run", "run", "--data=datum://best");
    assertEquals("plain|" + SECRET + "||step", output(completed(5), "copy.txt"));
  }

  @Test
  @Order(7)
  void aScriptNeedsNoLinkedFolder() throws IOException {
    Vh driver =
        Vh.in(Files.createTempDirectory("it-driver"))
            .with(
                Map.of(
                    "VALOHAI_HOST",
                    millrace.address(),
                    "VALOHAI_TOKEN",
                    ada.token(),
                    "VALOHAI_PROJECT",
                    project.id(),
                    "VALOHAI_PROJECT_MODE",
                    "remote"));
    String made = driver.ok("exec", "run", "run", "--data=datum://best");
    assertTrue(made.contains("#6 created"), made);
    JsonNode detail = completed(6);
    assertEquals(second, detail.at("/commit/identifier").asText());
    assertTrue(flat(driver.ok("exec", "list")).contains(" # | 6"));
    // Without a folder the client knows no prefixes.
    driver.ok("exec", "run", "--commit", first, "run");
    assertEquals(first, completed(7).at("/commit/identifier").asText());
    String stopped = driver.ok("exec", "stop", "latest");
    assertTrue(stopped.contains("Done"), stopped);
    String options =
        driver.ok("--project", project.id(), "--project-mode", "remote", "alias", "list");
    assertTrue(options.contains("best"), options);
  }
}
