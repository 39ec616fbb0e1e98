package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Every change that the served document knows, and what each leaves behind for the auditor. */
@Tag("api")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AuditIT {
  /** Operations that change nothing although their verb says so. */
  private static final Set<String> READS = Set.of("MetadataCsv_post");

  private static final String SECRET = "a secret that nobody may find";
  private static final Code RUN =
      Code.script("echo x > $VH_OUTPUTS_DIR/x.txt; trap 'exit 0' INT; sleep 60 & wait");

  private final Map<String, Work> changes = new HashMap<>();
  private Path repository;
  private Distribution millrace;
  private Api admin;
  private Api ada;
  private Project project;
  private int made;

  /** One successful call, after what it needs. The last call of all is the one that counts. */
  @FunctionalInterface
  interface Work {
    Prepared prepare();
  }

  /** A call that is ready to be made, by whom. */
  record Prepared(Api who, String verb, String path, Object body) {
    static Prepared by(Api who, String verb, String path, Object body) {
      return new Prepared(who, verb, path, body);
    }
  }

  @BeforeAll
  void start() {
    repository = repository();
    millrace = Distribution.start(Map.of("MILLRACE_GIT_ALLOW", repository.toString()));
    admin = millrace.admin();
    ada = millrace.userWithPassword("ada");
    project = Project.of(ada, "audited");
    ada.method(
            "PUT",
            "/api/v0/projects/" + project.id() + "/repository/",
            Map.of("url", repository.toString()))
        .expectSuccess();
    String api = "/api/v0/";
    changes.put(
        "Users_make",
        () ->
            Prepared.by(
                admin, "POST", api + "users/", Map.of("username", name(), "password", SECRET)));
    changes.put("Users_change", () -> user("PATCH", Map.of("password", SECRET)));
    changes.put("Users_replace", () -> user("PUT", Map.of("first_name", "Eve")));
    changes.put("Users_disable", () -> user("DELETE", Map.of()));
    changes.put(
        "Tokens_make", () -> Prepared.by(ada, "POST", api + "tokens/", Map.of("name", name())));
    changes.put(
        "Tokens_revoke",
        () -> Prepared.by(ada, "DELETE", made(ada, "tokens/", Map.of("name", name())), Map.of()));
    changes.put(
        "Login_login",
        () ->
            Prepared.by(
                admin.anonymous(),
                "POST",
                api + "get-token/",
                Map.of("username", "ada", "password", Distribution.password("ada"))));
    changes.put(
        "Organizations_make",
        () -> Prepared.by(admin, "POST", api + "organizations/", Map.of("name", name())));
    changes.put(
        "Organizations_put",
        () ->
            Prepared.by(
                admin,
                "POST",
                made(admin, "organizations/", Map.of("name", name())) + "members/",
                Map.of("username", "ada")));
    changes.put("Organizations_remove", this::member);
    changes.put(
        "Environments_make",
        () -> Prepared.by(admin, "POST", api + "environments/", Map.of("slug", name())));
    changes.put("Environments_change", () -> environment("PATCH", "", Map.of("slots", 3)));
    changes.put("Environments_replace", () -> environment("PUT", "", Map.of("slots", 4)));
    changes.put("Environments_joinToken", () -> environment("POST", "join_tokens/", Map.of()));
    changes.put(
        "Projects_make", () -> Prepared.by(ada, "POST", api + "projects/", Map.of("name", name())));
    changes.put("Projects_change", () -> project("PATCH", "", Map.of("description", "new")));
    changes.put("Projects_replace", () -> project("PUT", "", Map.of("name", name())));
    changes.put("Projects_delete", () -> project("DELETE", "", Map.of()));
    changes.put(
        "ProjectRepository_put",
        () -> project("PUT", "repository/", Map.of("url", repository.toString())));
    changes.put("ProjectRepository_newKey", this::newKey);
    changes.put("Fetch_fetch", this::fetch);
    changes.put(
        "Executions_submit",
        () ->
            Prepared.by(
                ada,
                "POST",
                api + "executions/",
                Map.of(
                    "project",
                    project.id(),
                    "commit",
                    ada.uploadCode(project.id(), RUN.archive()),
                    "step",
                    "run",
                    "environment_variables",
                    Map.of("KEY", Map.of("value", SECRET, "secret", true)))));
    changes.put("Executions_stop", () -> execution("POST", "stop/", false, Map.of()));
    changes.put(
        "Executions_tag", () -> execution("POST", "tags/", false, Map.of("tags", List.of("a"))));
    changes.put("Executions_delete", () -> execution("DELETE", "", true, Map.of()));
    changes.put("Data_purge", this::purge);
    changes.put("Workers_change", () -> worker("PATCH", Map.of("draining", true)));
    changes.put("Workers_remove", () -> worker("DELETE", Map.of()));
    String kept = output();
    changes.putAll(new SharingChanges(admin, ada, project, kept).all());
  }

  @AfterAll
  void stop() {
    millrace.close();
  }

  private static Path repository() {
    Path folder = Code.script("echo from a repository").folder();
    for (String command :
        List.of(
            "init -q -b main",
            "add -A",
            "-c user.name=it -c user.email=it@example.org commit -q -m first")) {
      List<String> git = new ArrayList<>(List.of("git"));
      git.addAll(List.of(command.split(" ")));
      Machine.run(folder, git).expectSuccess();
    }
    return folder;
  }

  private String name() {
    return "audited-" + ++made;
  }

  /** The path of something new. */
  private static String made(Api who, String nouns, Map<String, ?> body) {
    JsonNode answer = who.post("/api/v0/" + nouns, body).expectSuccess();
    return "/api/v0/" + nouns + answer.get("id").asText() + "/";
  }

  private Prepared user(String verb, Map<String, ?> body) {
    return Prepared.by(admin, verb, made(admin, "users/", Map.of("username", name())), body);
  }

  private Prepared environment(String verb, String below, Map<String, ?> body) {
    return Prepared.by(
        admin, verb, made(admin, "environments/", Map.of("slug", name())) + below, body);
  }

  private Prepared project(String verb, String below, Map<String, ?> body) {
    return Prepared.by(ada, verb, made(ada, "projects/", Map.of("name", name())) + below, body);
  }

  private Prepared member() {
    String organization = made(admin, "organizations/", Map.of("name", name()));
    int user =
        admin
            .post(organization + "members/", Map.of("username", "ada"))
            .expectSuccess()
            .at("/user/id")
            .asInt();
    return Prepared.by(admin, "DELETE", organization + "members/" + user + "/", Map.of());
  }

  private Prepared newKey() {
    Prepared with =
        project(
            "PUT",
            "repository/",
            Map.of("url", "https://git.example.org/x.git", "username", "ada", "password", SECRET));
    ada.method(with.verb(), with.path(), with.body()).expectSuccess();
    return Prepared.by(ada, "POST", with.path() + "key/", Map.of());
  }

  private Prepared fetch() {
    Prepared with = project("PUT", "repository/", Map.of("url", repository.toString()));
    ada.method(with.verb(), with.path(), with.body()).expectSuccess();
    return Prepared.by(ada, "POST", with.path().replace("repository/", "fetch/"), Map.of());
  }

  private Prepared execution(String verb, String below, boolean ended, Map<String, ?> body) {
    String id = project.run(RUN);
    if (ended) {
      project.stop(id);
      ada.awaitEnd(id, Duration.ofSeconds(60));
    }
    return Prepared.by(ada, verb, "/api/v0/executions/" + id + "/" + below, body);
  }

  private Prepared purge() {
    return Prepared.by(ada, "POST", "/api/v0/data/" + output() + "/purge/", Map.of());
  }

  /** The id of a new file. */
  private String output() {
    String id = project.run(Code.script("echo x > $VH_OUTPUTS_DIR/x.txt"));
    ada.awaitEnd(id, Duration.ofSeconds(60));
    return ada.get("/api/v0/data/?output_execution=" + id)
        .expectSuccess()
        .at("/results/0/id")
        .asText();
  }

  private Prepared worker(String verb, Map<String, ?> body) {
    String group = name();
    String path = made(admin, "environments/", Map.of("slug", group));
    JsonNode token = admin.post(path + "join_tokens/", Map.of()).expectSuccess();
    try {
      HandWorker.join(millrace.address(), token.get("token").asText());
    } catch (Exception e) {
      throw new AssertionError(e);
    }
    String id =
        admin
            .get("/api/v0/workers/?environment=" + group)
            .expectSuccess()
            .at("/results/0/id")
            .asText();
    return Prepared.by(admin, verb, "/api/v0/workers/" + id + "/", body);
  }

  private List<JsonNode> rows() {
    List<JsonNode> rows = new ArrayList<>();
    admin.get("/api/v0/audit/?limit=20000").expectSuccess().get("results").forEach(rows::add);
    return rows;
  }

  @Test
  void everyChangeLeavesOneRowThatSaysWhoAndWhatAndHoldsNoSecret() {
    Set<String> known = new TreeSet<>();
    List<String> wrong = new ArrayList<>();
    for (Described.Operation operation : Described.of(millrace.address()).operations()) {
      if (operation.verb().equals("GET") || READS.contains(operation.id())) {
        continue;
      }
      known.add(operation.id());
      if (operation.id().equals("ImportPackage_importPackage")) {
        int before = rows().size();
        ada.uploadCode(project.id(), Code.script("echo " + name()).archive());
        check(operation, rows(), before, wrong);
        continue;
      }
      Work work = changes.get(operation.id());
      assertTrue(work != null, "no call here for the new operation " + operation.id());
      Prepared call = work.prepare();
      int before = rows().size();
      Api.Answer answer = call.who().method(call.verb(), call.path(), call.body());
      assertTrue(answer.status() < 300, operation.id() + " " + answer);
      check(operation, rows(), before, wrong);
    }
    assertEquals(List.of(), wrong);
    assertTrue(known.containsAll(changes.keySet()), "calls of operations that are gone");
  }

  private static void check(
      Described.Operation operation, List<JsonNode> rows, int before, List<String> wrong) {
    if (rows.size() != before + 1) {
      wrong.add(operation.id() + " left " + (rows.size() - before) + " rows");
      return;
    }
    JsonNode row = rows.get(0);
    boolean login = operation.id().equals("Login_login");
    if (row.get("actor").isNull()
        || (row.get("token").isNull() && !login)
        || !row.get("address").asText().equals("127.0.0.1")
        || row.get("action").asText().isEmpty()
        || !row.get("subject").asText().contains(":")
        || !row.get("before").isObject()
        || !row.get("after").isObject()) {
      wrong.add(operation.id() + " left " + row);
    }
    for (String secret : List.of(SECRET, "mrt_")) {
      if (row.toString().contains(secret)) {
        wrong.add(operation.id() + " left a secret in " + row);
      }
    }
  }

  @Test
  void whatIsRefusedLeavesNoRow() {
    Api bob = millrace.user("bob");
    int before = rows().size();
    for (String verb : List.of("PUT", "PATCH", "DELETE")) {
      assertEquals(
          404, bob.method(verb, "/api/v0/projects/" + project.id() + "/", Map.of()).status());
    }
    assertEquals(400, bob.post("/api/v0/projects/", Map.of("name", "")).status());
    assertEquals(403, bob.post("/api/v0/users/", Map.of("username", "mallory")).status());
    assertEquals(before, rows().size());
  }

  @Test
  void anotherUsersProjectIsUnknownToEveryVerbOfEveryRoute() {
    Api eve = millrace.user("eve");
    String id = project.id();
    String execution = project.run(Code.script("echo x > $VH_OUTPUTS_DIR/x.txt"));
    ada.awaitEnd(execution, Duration.ofSeconds(60));
    String commit = project.detail(execution).at("/commit/id").asText();
    String datum =
        ada.get("/api/v0/data/?output_execution=" + execution)
            .expectSuccess()
            .at("/results/0/id")
            .asText();
    String alias =
        ada.post("/api/v0/datum-aliases/", Map.of("project", id, "name", "taken", "datum", datum))
            .expectSuccess()
            .get("id")
            .asText();
    String group =
        ada.post("/api/v0/environment-variable-groups/", Map.of("name", "taken"))
            .expectSuccess()
            .get("id")
            .asText();
    Set<String> asked = new TreeSet<>();
    for (Described.Operation operation : Described.of(millrace.address()).operations()) {
      String path = operation.path();
      String named =
          path.replaceFirst("^/api/v0/projects/\\{[a-z]+}/", "/api/v0/projects/" + id + "/")
              .replaceFirst(
                  "^/api/v0/executions/\\{[a-z]+}/", "/api/v0/executions/" + execution + "/")
              .replaceFirst("^/api/v0/commits/\\{[a-z]+}/", "/api/v0/commits/" + commit + "/")
              .replaceFirst("^/api/v0/data/\\{[a-z]+}/", "/api/v0/data/" + datum + "/")
              .replaceFirst(
                  "^/api/v0/datum-aliases/\\{[a-z]+}/", "/api/v0/datum-aliases/" + alias + "/")
              .replaceFirst(
                  "^/api/v0/environment-variable-groups/\\{[a-z]+}/",
                  "/api/v0/environment-variable-groups/" + group + "/");
      if (named.equals(path)) {
        continue;
      }
      asked.add(operation.id());
      if (operation.id().equals("ImportPackage_importPackage")) {
        AssertionError refused =
            org.junit.jupiter.api.Assertions.assertThrows(
                AssertionError.class,
                () -> eve.uploadCode(id, Code.script("echo stolen").archive()));
        assertTrue(String.valueOf(refused.getMessage()).contains("404"), refused.getMessage());
        continue;
      }
      Map<String, Object> body = new HashMap<>();
      body.put("tags", List.of("taken"));
      body.put("url", "https://git.example.org/taken.git");
      body.put("datum", datum);
      assertEquals(
          404, eve.method(operation.verb(), named, body).status(), operation.verb() + " " + named);
      if (operation.verb().equals("GET")) {
        assertEquals(200, ada.get(named).status(), "the owner: " + named);
      }
    }
    assertTrue(asked.size() >= 32, "operations on things of a project: " + asked);
    assertFalse(project.detail(execution).get("tags").toString().contains("taken"));
  }
}
