package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The door of the booted distribution: who gets in, what they see, and how refusals read. */
@Tag("api")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ApiIT {
  private static final Code HELLO = Code.script("echo hello; echo x > $VH_OUTPUTS_DIR/x.txt");

  private Distribution millrace;
  private Api ada;
  private Api bob;
  private Project project;

  @BeforeAll
  void start() {
    millrace = Distribution.start(Map.of());
    ada = millrace.user("ada");
    bob = millrace.user("bob");
    project = Project.of(ada, "secret-plans");
  }

  @AfterAll
  void stop() {
    millrace.close();
  }

  @Test
  void theFirstAdministratorIsInAFileOfTheOperatorOnly() throws Exception {
    assertEquals(
        "rw-------",
        PosixFilePermissions.toString(
            Files.getPosixFilePermissions(millrace.data().resolve("initial-admin.json"))));
    JsonNode admin = Api.JSON.readTree(millrace.data().resolve("initial-admin.json").toFile());
    assertEquals(Set.of("username", "password", "token"), Set.copyOf(names(admin)));
    String log = Files.readString(millrace.log());
    assertFalse(log.contains(admin.get("password").asText()));
    assertFalse(log.contains(admin.get("token").asText()));
  }

  @Test
  void healthIsOpenAndNamesWhatAnswered() {
    assertEquals(200, ada.anonymous().get("/live").status());
    Api.Answer ready = ada.anonymous().get("/ready");
    assertEquals(200, ready.status(), ready.text());
    for (String part : List.of("database", "queue", "store")) {
      assertTrue(ready.text().contains(part), ready.text());
    }
  }

  @Test
  void anAnswerThatTheDocumentDoesNotHaveIsNoticed() {
    Described described = Described.of(millrace.address());
    String me = "/api/v0/users/me/";
    String body = ada.get(me).text();
    described.check("GET", me, 200, body);
    for (String wrong :
        List.of("{}", "[]", body.replace("\"id\":", "\"no\":"), body.replace("Z\"", "\""))) {
      assertThrows(AssertionError.class, () -> described.check("GET", me, 200, wrong), wrong);
    }
    assertThrows(AssertionError.class, () -> described.check("GET", me, 202, body));
    assertThrows(AssertionError.class, () -> described.check("GET", "/api/v0/x/", 200, body));
  }

  @Test
  void aChangeWithoutItsBodyIsToldWhatIsMissing() {
    Api admin = millrace.admin();
    int asked = 0;
    for (Described.Operation operation : Described.of(millrace.address()).operations()) {
      if (operation.description().has("requestBody") && !operation.path().contains("{")) {
        asked++;
        Api.Answer answer = admin.bare(operation.verb(), operation.path());
        assertEquals(400, answer.status(), operation.id() + " " + answer);
      }
    }
    assertTrue(asked > 7, "operations with a body: " + asked);
    String path = "/api/v0/projects/" + project.id() + "/";
    assertEquals(200, ada.bare("PATCH", path).status());
    assertEquals(415, ada.bare("POST", path + "import-package/").status());
  }

  @Test
  void oddRequestsAreRefusedInWordsAndTheMasterLivesOn() {
    Api admin = millrace.admin();
    String environments = "/api/v0/environments/";
    for (String price : List.of("1e300", "1e-999999999", "1e999999999", "-1")) {
      assertEquals(
          400,
          admin.post(environments, Map.of("slug", "odd", "per_hour_price_usd", price)).status(),
          price);
    }
    String execution = project.run(HELLO);
    String tags = "/api/v0/executions/" + execution + "/tags/";
    assertEquals(400, ada.post(tags, java.util.Collections.singletonMap("tags", null)).status());
    assertEquals(
        400, ada.post(tags, Map.of("tags", java.util.Collections.singletonList(null))).status());
    assertEquals(
        400,
        ada.post(
                "/api/v0/executions/multi_download_metadata_csv/",
                Map.of("ids", java.util.Collections.singletonList(null)))
            .status());
    for (String name : List.of("a\u0000b", "be\u0007ll")) {
      assertEquals(400, ada.post("/api/v0/projects/", Map.of("name", name)).status());
    }
    assertEquals(
        400,
        ada.post("/api/v0/tokens/", Map.of("name", "old", "expires_in", Long.MAX_VALUE)).status());
    assertEquals(
        400,
        ada.post(
                "/api/v0/executions/",
                Map.of(
                    "project",
                    project.id(),
                    "commit",
                    "x",
                    "step",
                    "y",
                    "priority",
                    "9".repeat(1_000_000)))
            .status());
    assertEquals(0, ada.get("/api/v0/executions/?step=%00").expectSuccess().get("count").asInt());
    assertEquals(200, admin.get("/api/v0/audit/").status());
    assertEquals(200, ada.get("/ready").status());
  }

  @Test
  void nobodyGetsInWithoutAToken() {
    Api.Answer answer = ada.anonymous().get("/api/v0/projects/");
    assertEquals(401, answer.status());
    assertTrue(answer.json().has("detail"));
    assertEquals(401, ada.as("wrong").get("/api/v0/projects/").status());
    assertTrue(ada.anonymous().get("/api/v0/server/").expectSuccess().has("version"));
  }

  @Test
  void whatBelongsToAnotherUserDoesNotExist() {
    String execution = project.run(HELLO);
    ada.awaitEnd(execution, Duration.ofSeconds(90));
    JsonNode detail = project.detail(execution);
    String commit = detail.at("/commit/identifier").asText();
    String datum =
        ada.get("/api/v0/data/?output_execution=" + execution)
            .expectSuccess()
            .at("/results/0/id")
            .asText();
    assertFalse(datum.isEmpty());
    for (String path :
        List.of(
            "/api/v0/projects/" + project.id() + "/",
            "/api/v0/projects/" + project.id() + "/commits/",
            "/api/v0/commits/" + commit + "/?project=" + project.id(),
            "/api/v0/commits/" + commit + "/?include=config",
            "/api/v0/executions/" + execution + "/",
            "/api/v0/executions/" + project.id() + ":1/",
            "/api/v0/executions/" + project.id() + ":latest/",
            "/api/v0/executions/" + execution + "/events/",
            "/api/v0/executions/" + execution + "/outputs/",
            "/api/v0/executions/" + execution + "/metadata/",
            "/api/v0/data/" + datum + "/",
            "/api/v0/data/" + datum + "/download/")) {
      assertEquals(200, ada.get(path).status(), "ada: " + path);
      assertEquals(404, bob.get(path).status(), "bob: " + path);
    }
    assertEquals(404, bob.post("/api/v0/executions/" + execution + "/stop/", Map.of()).status());
    assertEquals(404, bob.delete("/api/v0/executions/" + execution + "/").status());
    assertEquals(404, bob.post("/api/v0/data/" + datum + "/purge/", Map.of()).status());
    assertEquals(404, bob.delete("/api/v0/projects/" + project.id() + "/").status());
    assertEquals(
        0, bob.get("/api/v0/executions/?limit=9000").expectSuccess().get("results").size());
    assertEquals(0, bob.get("/api/v0/data/?limit=9000").expectSuccess().get("results").size());
    assertEquals(0, bob.get("/api/v0/commits/?limit=9000").expectSuccess().get("results").size());
    assertEquals(0, bob.get("/api/v0/projects/?limit=9000").expectSuccess().get("results").size());
    Project other = Project.of(bob, "bobs");
    Api.Answer stolen =
        other.submit(
            Code.of(
                Map.of(
                    "valohai.yaml",
                    "- step:\n    name: run\n    image: it-tools\n    command: ls\n    inputs:\n      - name: data\n")),
            Map.of("inputs", Map.of("data", List.of("datum://" + datum))));
    assertEquals(400, stolen.status(), stolen.text());
    assertTrue(stolen.json().has("inputs"), stolen.text());
  }

  @Test
  void theEleventhWrongPasswordIsRefusedEvenBeforeItIsTried() {
    millrace.userWithPassword("carl");
    String right = "username=carl&password=" + Distribution.password("carl").replace(" ", "+");
    assertEquals(200, ada.anonymous().postForm("/api/v0/get-token/", right).status());
    for (int i = 0; i < 10; i++) {
      assertEquals(
          400,
          ada.anonymous().postForm("/api/v0/get-token/", "username=carl&password=wrong").status(),
          "attempt " + i);
    }
    assertEquals(
        429,
        ada.anonymous().postForm("/api/v0/get-token/", "username=carl&password=wrong").status());
    assertEquals(429, ada.anonymous().postForm("/api/v0/get-token/", right).status());
  }

  @Test
  void aRequestSentTwiceUnderOneIdempotencyKeyMakesOneExecution() throws Exception {
    Project twice = Project.of(ada, "twice");
    String commit = ada.uploadCode(twice.id(), HELLO.archive());
    Map<String, Object> body = Map.of("project", twice.id(), "commit", commit, "step", "run");
    Set<String> ids = java.util.concurrent.ConcurrentHashMap.newKeySet();
    List<Thread> twins =
        java.util.stream.IntStream.range(0, 4)
            .mapToObj(
                i ->
                    new Thread(
                        () -> {
                          Api.Answer answer = ada.post("/api/v0/executions/", body, "retry 1");
                          ids.add(answer.status() + " " + answer.json().path("id").asText());
                        }))
            .toList();
    twins.forEach(Thread::start);
    for (Thread twin : twins) {
      twin.join(60_000);
    }
    assertEquals(1, ids.size(), ids.toString());
    assertTrue(ids.iterator().next().startsWith("201 "), ids.toString());
    Api.Answer other =
        ada.post(
            "/api/v0/executions/",
            Map.of("project", twice.id(), "commit", commit, "step", "run", "title", "other"),
            "retry 1");
    assertEquals(409, other.status(), other.text());
    assertEquals("idempotency_key_reused", other.json().get("code").asText());
    assertEquals(400, ada.post("/api/v0/executions/", body, "k".repeat(256)).status());
    assertEquals(
        1,
        ada.get("/api/v0/executions/?project=" + twice.id()).expectSuccess().get("count").asInt());
  }

  @Test
  void badInputIsRefusedByFieldAndChangesNothing() {
    long before =
        ada.get("/api/v0/executions/?project=" + project.id())
            .expectSuccess()
            .get("count")
            .asLong();
    Map<String, Object> unknownStep =
        Map.of(
            "project",
            project.id(),
            "commit",
            ada.uploadCode(project.id(), HELLO.archive()),
            "step",
            "nothing");
    Api.Answer answer = ada.post("/api/v0/executions/", unknownStep);
    assertEquals(400, answer.status(), answer.text());
    assertTrue(answer.json().has("step"), answer.text());
    assertEquals(400, ada.post("/api/v0/executions/", Map.of()).status());
    assertEquals(400, ada.post("/api/v0/executions/", List.of(1, 2)).status());
    assertEquals(400, ada.postForm("/api/v0/projects/", "name=").status());
    assertEquals(404, ada.get("/api/v0/executions/not-an-id/").status());
    assertEquals(404, ada.get("/api/v0/nothing/").status());
    assertEquals(405, ada.method("PATCH", "/api/v0/get-token/", Map.of()).status());
    assertEquals(
        before,
        ada.get("/api/v0/executions/?project=" + project.id())
            .expectSuccess()
            .get("count")
            .asLong());
  }

  @Test
  void slashesInAnAddressDoNotMatter() {
    assertEquals(200, ada.get("/api/v0/projects/" + project.id()).status());
    assertEquals(200, ada.get("/api/v0//projects//" + project.id() + "/").status());
    assertEquals("1", "" + ada.get("/api/v0/projects/ownership_options/").expectSuccess().size());
  }

  private static List<String> names(JsonNode object) {
    List<String> names = new java.util.ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }
}
