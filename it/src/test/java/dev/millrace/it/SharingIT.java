package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Teams, variables, aliases and what scripts ask of executions and files, through the API. */
@Tag("api")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SharingIT {
  private static final Duration LIMIT = Duration.ofSeconds(120);
  private static final String SECRET = "canary-of-the-project";
  private static final Code READS =
      Code.of(
          Map.of(
              "valohai.yaml",
              """
              - step:
                  name: run
                  image: it-tools
                  command: cat "$VH_INPUTS_DIR/data/"* > "$VH_OUTPUTS_DIR/copy.txt"
                  inputs:
                    - name: data
              """));

  private Distribution millrace;
  private Api ada;
  private Api bob;
  private Project project;

  @BeforeAll
  void start() {
    millrace = Distribution.start(Map.of());
    ada = millrace.user("ada");
    bob = millrace.user("bob");
    project = Project.of(ada, "shared");
  }

  @AfterAll
  void stop() {
    millrace.close();
  }

  private static int id(Api who) {
    return who.get("/api/v0/users/me/").expectSuccess().get("id").asInt();
  }

  private JsonNode ended(String execution) {
    JsonNode detail = ada.awaitEnd(execution, LIMIT);
    assertEquals("complete", detail.get("status").asText(), detail.toPrettyString());
    return detail;
  }

  @Test
  void variablesOfGroupsProjectStepAndRequestReachTheRunInTheirOrder() throws Exception {
    String variable = "/api/v0/projects/" + project.id() + "/environment_variable/";
    ada.post(variable, Map.of("name", "P", "value", "project", "secret", false)).expectSuccess();
    ada.post(variable, Map.of("name", "KEY", "value", SECRET, "secret", true)).expectSuccess();
    ada.post(variable, Map.of("name", "GONE", "value", "x", "secret", false)).expectSuccess();
    ada.method("DELETE", variable, Map.of("name", "GONE")).expectSuccess();
    assertEquals(404, ada.method("DELETE", variable, Map.of("name", "GONE")).status());
    Api.Answer shown = ada.get("/api/v0/projects/" + project.id() + "/");
    JsonNode variables = shown.expectSuccess().get("environment_variables");
    assertEquals("{\"secret\":false,\"value\":\"project\"}", variables.get("P").toString());
    assertEquals("{\"secret\":true,\"value\":null}", variables.get("KEY").toString());
    assertFalse(variables.has("GONE"));
    JsonNode group =
        ada.post(
                "/api/v0/environment-variable-groups/",
                Map.of(
                    "name",
                    "keys",
                    "environment_variables",
                    Map.of(
                        "G", Map.of("value", "group", "secret", true),
                        "P", Map.of("value", "group"))))
            .expectSuccess();
    assertTrue(group.at("/environment_variables/G/value").isNull(), group.toString());
    String script = "printf '%s-%s-%s-%s' \"$G\" \"$P\" \"$KEY\" \"$R\" > $VH_OUTPUTS_DIR/o.txt";
    String id =
        project.run(
            Code.script(script + "; echo key=$KEY"),
            Map.of(
                "environment_variable_groups", List.of(group.get("id").asText()),
                "environment_variables", Map.of("R", "request")));
    JsonNode detail = ended(id);
    assertEquals("group-project-" + SECRET + "-request", project.output(id, "o.txt"));
    assertTrue(detail.at("/environment_variables/KEY").isNull());
    assertEquals(1, detail.get("environment_variable_groups").size());
    String answers = shown.text() + detail + group + project.log(id, Optional.empty());
    assertFalse(answers.contains(SECRET), answers);
    String alone = project.run(Code.script(script), Map.of("inherit_environment_variables", false));
    ended(alone);
    assertEquals("---", project.output(alone, "o.txt"));
    Api.Answer unknown =
        project.submit(
            Code.script(script), Map.of("environment_variable_groups", List.of("nobody's")));
    assertEquals(400, unknown.status());
    assertTrue(unknown.json().has("environment_variable_groups"), unknown.text());
    assertFalse(Files.readString(millrace.log()).contains(SECRET));
  }

  @Test
  void anAliasIsAnInputAndScriptsFindFilesAndLogsByTheirOtherNames() {
    String made = project.run(Code.script("printf one > $VH_OUTPUTS_DIR/a.txt; echo said"));
    ended(made);
    JsonNode outputs =
        ada.get("/api/v0/executions/" + made + "/outputs/?include=download_url").expectSuccess();
    assertTrue(outputs.isArray());
    String datum = outputs.at("/0/id").asText();
    assertEquals(
        "one",
        new String(ada.download(outputs.at("/0/download_url").asText()), StandardCharsets.UTF_8));
    ada.post(
            "/api/v0/data/" + datum + "/metadata/",
            Map.of("score", 0.5, "valohai.tags", List.of("good"), "valohai.alias", "best"))
        .expectSuccess();
    JsonNode again = ada.get("/api/v0/data/" + datum).expectSuccess();
    assertEquals("[\"best\"]", again.get("aliases").toString());
    assertEquals("[\"good\"]", again.get("tags").toString());
    assertEquals(0.5, again.at("/metadata/score").asDouble());
    JsonNode resolved =
        ada.get("/api/v0/datum-aliases/resolve/?name=best&project=" + project.id()).expectSuccess();
    assertEquals(datum, resolved.at("/datum/id").asText());
    String copy = project.run(READS, Map.of("inputs", Map.of("data", List.of("datum://best"))));
    ended(copy);
    assertEquals("one", project.output(copy, "copy.txt"));
    assertEquals(
        1,
        ada.get("/api/v0/data/?tag=good&name=a.txt&project=" + project.id())
            .expectSuccess()
            .get("count")
            .asInt());
    JsonNode logs = ada.get("/api/v0/executions/" + made + "/logs/").expectSuccess().get("logs");
    assertTrue(logs.findValuesAsText("message").contains("said"), logs.toString());
    Api.Answer reserved =
        ada.post(
            "/api/v0/data/" + datum + "/metadata/",
            Map.of("valohai.dataset-versions", List.of("dataset://a/b")));
    assertEquals(400, reserved.status());
    assertTrue(reserved.text().contains("dataset-versions"), reserved.text());
    assertEquals(
        404, bob.get("/api/v0/datum-aliases/resolve/?name=best&project=" + project.id()).status());
  }

  @Test
  void whatOnlyKubernetesCouldGiveIsRefusedAndTheRestIsKept() {
    Map<String, Object> cpu = Map.of("requests", Map.of("cpu", 1, "memory", 512));
    String id = project.run(Code.script("true"), kubernetes(cpu, List.of()));
    assertEquals(
        512,
        project
            .detail(id)
            .at("/runtime_config/kubernetes/containers/workload/resources/requests/memory")
            .asInt());
    for (Map<String, Object> bad :
        List.of(
            kubernetes(Map.of("limits", Map.of("devices", Map.of("nvidia.com/gpu", 1))), List.of()),
            kubernetes(cpu, List.of(Map.of("pvc_name", "cache"))),
            kubernetes(Map.of("requests", Map.of("cpu", "many")), List.of()),
            Map.<String, Object>of("runtime_config_preset", "large"))) {
      Api.Answer refused = project.submit(Code.script("true"), bad);
      assertEquals(400, refused.status(), bad.toString());
      assertTrue(refused.text().contains("runtime_config"), refused.text());
    }
  }

  private static Map<String, Object> kubernetes(Map<String, ?> resources, List<?> volumes) {
    return Map.of(
        "runtime_config",
        Map.of(
            "kubernetes",
            Map.of(
                "containers",
                Map.of("workload", Map.of("resources", resources)),
                "cache_volumes",
                volumes)));
  }

  @Test
  void teamsAreMadeFromTheShellAndTheirReadersChangeNothing() {
    Api head = millrace.user("head");
    Api writer = millrace.user("writer");
    Api reader = millrace.user("reader");
    for (String line :
        List.of(
            "organization create lab",
            "organization add-member lab head --admin",
            "organization add-member lab writer",
            "organization add-member lab reader",
            "team create lab:vision",
            "team add-member lab:vision writer --project-administration",
            "team add-member lab:vision reader --read-only")) {
      millrace.millrace(line.split(" ")).expectSuccess();
    }
    String members = millrace.millrace("team", "members", "lab:vision").expectSuccess();
    assertTrue(members.contains("writer") && members.contains("reader"), members);
    assertEquals(
        Set.of("writer", "lab", "lab:vision"),
        texts(writer.get("/api/v0/projects/ownership_options/").expectSuccess()));
    assertEquals(
        Set.of("reader", "lab"),
        texts(reader.get("/api/v0/projects/ownership_options/").expectSuccess()));
    Project own =
        new Project(
            writer,
            writer
                .post("/api/v0/projects/", Map.of("name", "own", "owner", "lab:vision"))
                .expectSuccess()
                .get("id")
                .asText(),
            Map.of());
    String run = own.run(Code.script("echo x > $VH_OUTPUTS_DIR/x.txt"));
    writer.awaitEnd(run, LIMIT);
    readerIsRefused(writer, reader, own, run);
    assertEquals(404, bob.get("/api/v0/projects/" + own.id() + "/").status());

    int team = writer.get("/api/v0/teams/").expectSuccess().at("/results/0/id").asInt();
    for (String verb : List.of("GET", "PUT", "PATCH", "DELETE")) {
      assertEquals(404, bob.method(verb, "/api/v0/teams/" + team + "/", Map.of()).status(), verb);
      if (!verb.equals("GET")) {
        assertEquals(
            403, writer.method(verb, "/api/v0/teams/" + team + "/", Map.of()).status(), verb);
      }
    }
    assertEquals(
        404, bob.post("/api/v0/teams/" + team + "/members/", Map.of("user", id(bob))).status());
    assertEquals(0, bob.get("/api/v0/teams/").expectSuccess().get("count").asInt());
    assertEquals(409, head.delete("/api/v0/teams/" + team + "/").status());

    Project given = Project.of(head, "given");
    assertEquals(404, reader.get("/api/v0/projects/" + given.id() + "/").status());
    head.method("PATCH", "/api/v0/teams/" + team + "/", Map.of("projects", List.of(given.id())))
        .expectSuccess();
    assertTrue(
        reader
            .get("/api/v0/projects/" + given.id() + "/")
            .expectSuccess()
            .get("read_only")
            .asBoolean());
    millrace.millrace("team", "take-back", "lab:vision", given.id()).expectSuccess();
    assertEquals(404, reader.get("/api/v0/projects/" + given.id() + "/").status());
  }

  /** Every operation that changes something of a project, by whoever may only read it. */
  private void readerIsRefused(Api writer, Api reader, Project own, String run) {
    String datum =
        writer
            .get("/api/v0/data/?output_execution=" + run)
            .expectSuccess()
            .at("/results/0/id")
            .asText();
    Map<String, Object> body = new HashMap<>();
    body.put("tags", List.of("taken"));
    body.put("url", "https://git.example.org/taken.git");
    body.put("name", "TAKEN");
    Set<String> asked = new TreeSet<>();
    for (Described.Operation operation : Described.of(millrace.address()).operations()) {
      String path =
          operation
              .path()
              .replaceFirst("^/api/v0/projects/\\{[a-z]+}/", "/api/v0/projects/" + own.id() + "/")
              .replaceFirst("^/api/v0/executions/\\{[a-z]+}/", "/api/v0/executions/" + run + "/")
              .replaceFirst("^/api/v0/data/\\{[a-z]+}/", "/api/v0/data/" + datum + "/");
      if (path.equals(operation.path()) || operation.id().startsWith("ImportPackage")) {
        continue;
      }
      boolean reads = operation.verb().equals("GET");
      asked.add(operation.id());
      assertEquals(
          reads ? writer.get(path).status() : 403,
          reader.method(operation.verb(), path, body).status(),
          operation.verb() + " " + path);
    }
    assertTrue(asked.size() > 20, asked.toString());
    Api.Answer submitted =
        reader.post(
            "/api/v0/executions/", Map.of("project", own.id(), "commit", "main", "step", "run"));
    assertEquals(403, submitted.status(), submitted.text());
    Api.Answer applied =
        reader.post(
            "/api/v0/data/metadata/apply/",
            Map.of("datum_metadata", Map.of(datum, Map.of("a", 1))));
    assertEquals(403, applied.status(), applied.text());
    Api.Answer named =
        reader.post(
            "/api/v0/datum-aliases/", Map.of("project", own.id(), "name", "a", "datum", datum));
    assertEquals(403, named.status(), named.text());
    assertEquals(
        "[]", writer.get("/api/v0/data/" + datum + "/").expectSuccess().get("tags").toString());
  }

  private static Set<String> texts(JsonNode array) {
    Set<String> texts = new TreeSet<>();
    array.forEach(item -> texts.add(item.asText()));
    return texts;
  }
}
