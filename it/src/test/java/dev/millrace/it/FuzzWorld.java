package dev.millrace.it;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Things for a fuzzer to read, change and delete, and what it must spare. */
final class FuzzWorld {
  private static final String API = "/api/v0/";
  private static final Code CODE = Code.script("echo x > $VH_OUTPUTS_DIR/x.txt; echo '{\"a\": 1}'");

  private final Map<String, List<Object>> ids = new HashMap<>();
  private final Map<String, List<Object>> bodies = new HashMap<>();
  private final List<Object> spared = new ArrayList<>();
  private final Map<String, Map<String, Object>> queries = new HashMap<>();
  private int made;

  private FuzzWorld() {}

  /** What a caller of that token may use; {@code admin} makes the rest. */
  static FuzzWorld of(Api admin, Api caller, String repository, boolean administers) {
    FuzzWorld world = new FuzzWorld();
    world.spare(caller);
    for (int i = 0; i < (Machine.full() ? 20 : 5); i++) {
      world.project(caller, repository);
      world.ids("tokens", world.make(caller, "tokens/", Map.of("name", world.name())));
      world.ids(
          "environment-variable-groups",
          world.make(caller, "environment-variable-groups/", Map.of("name", world.name())));
      world.organization(admin, caller);
      if (administers) {
        world.ids("users", world.make(admin, "users/", Map.of("username", world.name())));
        world.ids("environments", world.make(admin, "environments/", Map.of("slug", world.name())));
      }
    }
    world.login(admin);
    world.runs(caller);
    return world;
  }

  private String name() {
    return "fuzzed-" + ++made + "-" + System.nanoTime();
  }

  private void ids(String noun, JsonNode id) {
    ids.computeIfAbsent(noun, n -> new ArrayList<>())
        .add(id.isInt() ? (Object) id.asInt() : id.asText());
  }

  private void body(String operation, Map<String, Object> body) {
    bodies.computeIfAbsent(operation, o -> new ArrayList<>()).add(body);
  }

  private JsonNode make(Api who, String nouns, Map<String, ?> body) {
    return who.post(API + nouns, body).expectSuccess().get("id");
  }

  private void spare(Api caller) {
    JsonNode me = caller.get(API + "users/me/").expectSuccess();
    spared.add("me");
    spared.add(me.get("id").asInt());
    for (JsonNode token : caller.get(API + "tokens/?limit=100").expectSuccess().get("results")) {
      spared.add(token.get("id").asText());
    }
    ids("users", me.get("id"));
  }

  private void project(Api caller, String repository) {
    JsonNode id = make(caller, "projects/", Map.of("name", name()));
    ids("projects", id);
    caller
        .method(
            "PUT",
            API + "projects/" + id.asText() + "/repository/",
            Map.of("url", repository, "ref", "main"))
        .expectSuccess();
    caller
        .post(
            API + "projects/" + id.asText() + "/environment_variable/",
            Map.of("name", "KNOWN", "value", "x"))
        .expectSuccess();
  }

  private void organization(Api admin, Api caller) {
    JsonNode organization = make(admin, "organizations/", Map.of("name", name()));
    ids("organizations", organization);
    String username = caller.get(API + "users/me/").expectSuccess().get("username").asText();
    admin
        .post(
            API + "organizations/" + organization.asInt() + "/members/",
            Map.of("username", username, "is_admin", true))
        .expectSuccess();
    String other = name();
    JsonNode buddy = make(admin, "users/", Map.of("username", other));
    ids("users", buddy);
    for (String member : List.of(username, other)) {
      body("POST /api/v0/organizations/{id}/members/", Map.of("username", member));
    }
    admin
        .post(
            API + "organizations/" + organization.asInt() + "/members/", Map.of("username", other))
        .expectSuccess();
    body("POST /api/v0/teams/", Map.of("name", "<new>", "organization", organization.asInt()));
    JsonNode team =
        make(caller, "teams/", Map.of("name", name(), "organization", organization.asInt()));
    ids("teams", team);
    caller
        .post(API + "teams/" + team.asInt() + "/members/", Map.of("user", buddy.asInt()))
        .expectSuccess();
    body("POST /api/v0/teams/{id}/members/", Map.of("user", buddy.asInt()));
    Object me = caller.get(API + "users/me/").expectSuccess().get("id").asInt();
    body("POST /api/v0/teams/{id}/members/", Map.of("user", me));
  }

  /** Somebody whose password is known; the fuzzer's own guesses are counted against others. */
  private void login(Api admin) {
    String username = name();
    String password = Distribution.password(username);
    make(admin, "users/", Map.of("username", username, "password", password));
    body("POST /api/v0/get-token/", Map.of("username", username, "password", password));
  }

  /** A project of its own whose runs, files and aliases are there for all to see. */
  private void runs(Api caller) {
    Project kept = Project.of(caller, name());
    spared.add(kept.id());
    String commit = caller.uploadCode(kept.id(), CODE.archive());
    List<String> executions = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      executions.add(kept.run(CODE));
    }
    for (String execution : executions) {
      caller.awaitEnd(execution, Duration.ofSeconds(120));
      ids.computeIfAbsent("executions", n -> new ArrayList<>()).add(execution);
      JsonNode datum =
          caller
              .get(API + "data/?output_execution=" + execution)
              .expectSuccess()
              .at("/results/0/id");
      ids("data", datum);
      if (execution.equals(executions.get(0))) {
        // One that is not purged can be named and read.
        spared.add(datum.asText());
      }
      Map<String, Object> alias =
          Map.of("project", kept.id(), "name", name(), "datum", datum.asText());
      ids("datum-aliases", make(caller, "datum-aliases/", alias));
      queries.put(
          "/api/v0/datum-aliases/resolve/",
          Map.of("project", kept.id(), "name", alias.get("name")));
      body(
          "POST /api/v0/datum-aliases/",
          Map.of("project", kept.id(), "name", "<new>", "datum", datum.asText()));
      for (String verb : List.of("PUT", "PATCH")) {
        body(verb + " /api/v0/datum-aliases/{id}/", Map.of("datum", datum.asText()));
      }
      body(
          "POST /api/v0/data/metadata/apply/",
          Map.of("datum_metadata", Map.of(datum.asText(), Map.of("a", 1))));
      body("POST /api/v0/executions/multi_download_metadata_csv/", Map.of("ids", executions));
      body("GET /api/v0/executions/multi_download_metadata_csv/", Map.of("ids", executions));
    }
    ids.computeIfAbsent("commits", n -> new ArrayList<>()).add(commit);
    body(
        "POST /api/v0/executions/",
        Map.of("project", kept.id(), "commit", commit, "step", "run", "title", "fuzzed"));
    JsonNode stores = caller.get(API + "stores/").expectSuccess();
    ids("stores", stores.at("/results/0/id"));
    if (!ids.containsKey("environments")) {
      ids("environments", caller.get(API + "environments/").expectSuccess().at("/results/0/id"));
    }
    for (String path : List.of("projects/{project}", "environment-variable-groups/{id}")) {
      body(
          "POST /api/v0/" + path + "/environment_variable/", Map.of("name", "KNOWN", "value", "x"));
      body("DELETE /api/v0/" + path + "/environment_variable/", Map.of("name", "KNOWN"));
    }
  }

  /** As the hooks read it. */
  Map<String, Object> json() {
    return Map.of("ids", ids, "bodies", bodies, "queries", queries, "spared", spared);
  }
}
