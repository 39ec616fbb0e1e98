package dev.millrace.it;

import dev.millrace.it.AuditIT.Prepared;
import dev.millrace.it.AuditIT.Work;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Successful changes of teams, variables, groups and aliases, each after what it needs. */
final class SharingChanges {
  private static final String GROUPS = "/api/v0/environment-variable-groups/";
  private static final Map<String, ?> VARIABLE =
      Map.of("name", "KEY", "value", "a secret that nobody may find", "secret", true);

  private final Api admin;
  private final Api ada;
  private final Project project;
  private final String datum;
  private int made;

  SharingChanges(Api admin, Api ada, Project project, String datum) {
    this.admin = admin;
    this.ada = ada;
    this.project = project;
    this.datum = datum;
  }

  /** By operation. */
  Map<String, Work> all() {
    Map<String, Work> changes = new HashMap<>();
    String variable = "/api/v0/projects/" + project.id() + "/environment_variable/";
    changes.put("ProjectVariables_put", () -> Prepared.by(ada, "POST", variable, VARIABLE));
    changes.put(
        "ProjectVariables_remove",
        () -> {
          ada.post(variable, VARIABLE).expectSuccess();
          return Prepared.by(ada, "DELETE", variable, Map.of("name", "KEY"));
        });
    changes.put(
        "VariableGroups_make", () -> Prepared.by(ada, "POST", GROUPS, Map.of("name", name())));
    changes.put("VariableGroups_change", () -> group("PATCH", "", Map.of("description", "new")));
    changes.put("VariableGroups_replace", () -> group("PUT", "", Map.of("name", name())));
    changes.put("VariableGroups_delete", () -> group("DELETE", "", Map.of()));
    changes.put("VariableGroups_put", () -> group("POST", "environment_variable/", VARIABLE));
    changes.put(
        "VariableGroups_remove",
        () -> {
          Prepared with = group("POST", "environment_variable/", VARIABLE);
          ada.post(with.path(), with.body()).expectSuccess();
          return Prepared.by(ada, "DELETE", with.path(), Map.of("name", "KEY"));
        });
    changes.put(
        "Aliases_make",
        () ->
            Prepared.by(
                ada,
                "POST",
                "/api/v0/datum-aliases/",
                Map.of("project", project.id(), "name", name(), "datum", datum)));
    changes.put("Aliases_move", () -> alias("PATCH"));
    changes.put("Aliases_replace", () -> alias("PUT"));
    changes.put("Aliases_delete", () -> alias("DELETE"));
    changes.put(
        "Data_describe",
        () -> Prepared.by(ada, "POST", "/api/v0/data/" + datum + "/metadata/", Map.of("score", 1)));
    changes.put(
        "Data_apply",
        () ->
            Prepared.by(
                ada,
                "POST",
                "/api/v0/data/metadata/apply/",
                Map.of("datum_metadata", Map.of(datum, Map.of("valohai.tags", List.of("a"))))));
    changes.put(
        "Teams_make",
        () ->
            Prepared.by(
                admin,
                "POST",
                "/api/v0/teams/",
                Map.of("name", name(), "organization", organization())));
    changes.put("Teams_change", () -> team("PATCH", Map.of("name", name())));
    changes.put("Teams_replace", () -> team("PUT", Map.of("members", List.of())));
    changes.put("Teams_delete", () -> team("DELETE", Map.of()));
    changes.put("Teams_put", this::seat);
    changes.put(
        "Teams_remove",
        () -> {
          Prepared seat = seat();
          admin.post(seat.path(), seat.body()).expectSuccess();
          return Prepared.by(admin, "DELETE", seat.path() + user() + "/", Map.of());
        });
    return changes;
  }

  private String name() {
    return "shared-" + ++made;
  }

  private int user() {
    return ada.get("/api/v0/users/me/").expectSuccess().get("id").asInt();
  }

  private int organization() {
    return admin
        .post("/api/v0/organizations/", Map.of("name", name()))
        .expectSuccess()
        .get("id")
        .asInt();
  }

  private Prepared team(String verb, Map<String, ?> body) {
    int organization = organization();
    int team =
        admin
            .post("/api/v0/teams/", Map.of("name", name(), "organization", organization))
            .expectSuccess()
            .get("id")
            .asInt();
    admin
        .post("/api/v0/organizations/" + organization + "/members/", Map.of("username", "ada"))
        .expectSuccess();
    return Prepared.by(admin, verb, "/api/v0/teams/" + team + "/", body);
  }

  private Prepared seat() {
    String path = team("POST", Map.of()).path() + "members/";
    return Prepared.by(admin, "POST", path, Map.of("user", user(), "is_read_only", true));
  }

  private Prepared group(String verb, String below, Map<String, ?> body) {
    String id = ada.post(GROUPS, Map.of("name", name())).expectSuccess().get("id").asText();
    return Prepared.by(ada, verb, GROUPS + id + "/" + below, body);
  }

  /** Moved to a file that it does not name yet. */
  private Prepared alias(String verb) {
    String other = project.run(Code.script("echo y > $VH_OUTPUTS_DIR/y.txt"));
    ada.awaitEnd(other, java.time.Duration.ofSeconds(60));
    String file =
        ada.get("/api/v0/data/?output_execution=" + other)
            .expectSuccess()
            .at("/results/0/id")
            .asText();
    String id =
        ada.post(
                "/api/v0/datum-aliases/",
                Map.of("project", project.id(), "name", name(), "datum", datum))
            .expectSuccess()
            .get("id")
            .asText();
    return Prepared.by(ada, verb, "/api/v0/datum-aliases/" + id + "/", Map.of("datum", file));
  }
}
