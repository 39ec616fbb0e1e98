package dev.millrace.engine.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.EnvironmentValue;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.store.Slice;
import dev.millrace.persistence.H2Database;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class VariablesTest {
  private static final String YAML =
      """
      - step:
          name: run
          image: busybox:1
          command: env
          environment-variables:
            - name: D
              default: step
            - name: E
              default: step
      - step:
          name: grouped
          image: busybox:1
          command: env
          environment-variables:
            - name: A
              optional: false
          environment-variable-groups:
            - one
      """;

  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private Desk desk;

  @BeforeEach
  void open() {
    desk = new Desk(h2.database(), folder);
  }

  private static Variables.Given given(String name, String value, boolean secret) {
    return new Variables.Given(name, Secret.of(value), secret);
  }

  private Variables.Group group(Actor actor, String name, Variables.Given... variables) {
    return desk.variables.makeGroup(
        actor,
        new Variables.Wish(Optional.of(name), Optional.empty(), Optional.empty()),
        List.of(variables));
  }

  private Execution run(
      Actor actor, Project project, String step, Optional<List<String>> groups, boolean inherit) {
    Submission base =
        Desk.ask(
            project,
            desk.upload(actor, project, YAML),
            step,
            Map.of(),
            Map.of(),
            Map.of("E", new Submission.Variable(Secret.of("request"), false)));
    return desk.submissions
        .submit(
            actor,
            new Submission(
                base.project(),
                base.commit(),
                base.step(),
                base.command(),
                base.image(),
                base.title(),
                base.environment(),
                base.inputs(),
                base.parameters(),
                base.environmentVariables(),
                base.tags(),
                base.priority(),
                base.timeLimitSeconds(),
                base.runtimeConfig(),
                groups,
                inherit,
                base.runtimeConfigPreset()))
        .execution();
  }

  /** As the run sees them; a secret is marked. */
  private Map<String, String> values(Execution execution) {
    Map<String, String> values = new TreeMap<>();
    for (EnvironmentValue value : execution.spec().environmentVariables()) {
      values.put(
          value.name(),
          value
              .sealed()
              .map(s -> "!" + desk.key.unseal(s, EnvironmentValue.context(execution.id())).reveal())
              .orElseGet(() -> value.value().orElseThrow()));
    }
    return values;
  }

  @Test
  void groupsThenTheProjectThenTheStepThenTheRequest() {
    group(desk.ada, "one", given("A", "one", false), given("B", "one", false));
    String two =
        group(desk.ada, "two", given("B", "two", true), given("C", "two", false))
            .group()
            .id()
            .toString();
    desk.variables.put(desk.ada, desk.adas.id(), given("C", "project", true));
    desk.variables.put(desk.ada, desk.adas.id(), given("D", "project", false));
    desk.variables.put(desk.ada, desk.adas.id(), given("E", "project", true));
    assertEquals(
        Map.of("A", "one", "B", "!two", "C", "!project", "D", "step", "E", "request"),
        values(run(desk.ada, desk.adas, "run", Optional.of(List.of("one", two)), true)));
    assertEquals(
        Map.of("B", "one", "A", "one", "C", "two", "D", "step", "E", "request"),
        values(run(desk.ada, desk.adas, "run", Optional.of(List.of(two, "one")), false)));
    assertEquals(
        Map.of("C", "!project", "D", "step", "E", "request"),
        values(run(desk.ada, desk.adas, "run", Optional.empty(), true)));
  }

  @Test
  void aStepNamesGroupsAndTheRequestMayNameOthers() {
    assertTrue(
        refused("grouped", Optional.empty()).fields().containsKey("environment_variable_groups"));
    group(desk.ada, "one", given("A", "one", false));
    Execution made = run(desk.ada, desk.adas, "grouped", Optional.empty(), true);
    assertEquals(Map.of("A", "one", "E", "request"), values(made));
    assertEquals(List.of("one"), made.spec().environmentVariableGroups());
    Invalid none = refused("grouped", Optional.of(List.of()));
    assertTrue(none.fields().containsKey("environment_variables.A"), none.text());
  }

  private Invalid refused(String step, Optional<List<String>> groups) {
    return assertThrows(Invalid.class, () -> run(desk.ada, desk.adas, step, groups, true));
  }

  @Test
  void anotherOwnersGroupDoesNotExist() {
    Variables.Group bobs = group(desk.bob, "bobs", given("KEY", "canary", true));
    String id = bobs.group().id().toString();
    for (String name : List.of("bobs", id)) {
      Problem problem =
          refused("run", Optional.of(List.of(name)))
              .fields()
              .get("environment_variable_groups")
              .get(0);
      assertEquals("does_not_exist", problem.code());
    }
    assertThrows(NotFound.class, () -> desk.variables.group(desk.ada, id));
    assertThrows(NotFound.class, () -> desk.variables.deleteGroup(desk.ada, id));
    assertThrows(
        NotFound.class, () -> desk.variables.putInGroup(desk.ada, id, given("A", "b", false)));
    assertThrows(NotFound.class, () -> desk.variables.removeFromGroup(desk.ada, id, "KEY"));
    assertThrows(
        NotFound.class, () -> desk.variables.put(desk.ada, desk.bobs.id(), given("A", "b", false)));
    assertThrows(NotFound.class, () -> desk.variables.remove(desk.ada, desk.bobs.id(), "A"));
    assertEquals(0, desk.variables.groups(desk.ada, Slice.first(9)).total());
  }

  @Test
  void whoWasGivenAProjectDoesNotGetTheGroupsOfItsOwner() {
    group(desk.ada, "private", given("KEY", "canary", true));
    var lab = desk.organizations.make(new Actor.Engine(), "lab");
    desk.organizations.put(new Actor.Engine(), lab.id(), "bob", false);
    desk.organizations.put(new Actor.Engine(), lab.id(), "ada", true);
    desk.teams.make(
        desk.ada,
        lab.id(),
        new Teams.Wish(
            Optional.of("team"),
            Optional.of(List.of(new Teams.Seat(Desk.id(desk.bob), false, false))),
            Optional.of(List.of(desk.adas.id()))));
    Invalid refused =
        assertThrows(
            Invalid.class,
            () -> run(desk.bob, desk.adas, "run", Optional.of(List.of("private")), true));
    assertTrue(refused.fields().containsKey("environment_variable_groups"), refused.text());
    group(desk.bob, "private", given("KEY", "bobs", false));
    assertEquals(
        "bobs",
        values(run(desk.bob, desk.adas, "run", Optional.of(List.of("private")), true)).get("KEY"));
  }

  @Test
  void nobodyMakesAGroupInTheNameOfAnother() {
    Variables.Wish bobs =
        new Variables.Wish(Optional.of("planted"), Optional.of("bob"), Optional.empty());
    Invalid refused =
        assertThrows(Invalid.class, () -> desk.variables.makeGroup(desk.ada, bobs, List.of()));
    assertEquals("does_not_exist", refused.fields().get("owner").get(0).code());
    assertEquals(0, desk.variables.groups(desk.bob, Slice.first(9)).total());
  }

  @Test
  void secretsAreSealedAndNeitherToldNorKeptInTheAudit() {
    desk.variables.put(desk.ada, desk.adas.id(), given("KEY", "canary", true));
    desk.variables.put(desk.ada, desk.adas.id(), given("KEY", "canary2", true));
    EnvironmentValue stored =
        desk.database.read(s -> s.variables().of(desk.adas.id().value())).get(0);
    assertFalse(stored.toString().contains("canary"));
    assertEquals(
        "canary2",
        desk.key
            .unseal(stored.sealed().orElseThrow(), EnvironmentValue.context(desk.adas.id().value()))
            .reveal());
    String audit =
        desk.database
            .read(s -> s.audit().list(Optional.of("project:" + desk.adas.id()), Slice.first(9)))
            .items()
            .toString();
    assertTrue(audit.contains("environment_variable.put"), audit);
    assertFalse(audit.contains("canary"), audit);
  }

  @Test
  void badNamesAndValuesAreNamedByField() {
    for (Variables.Given bad :
        List.of(
            given("1BAD", "x", false),
            given("VH_JOB_ID", "x", false),
            given("A", "a\0b", false),
            given("A", "x".repeat(200_000), true))) {
      Invalid refused =
          assertThrows(Invalid.class, () -> desk.variables.put(desk.ada, desk.adas.id(), bad));
      assertTrue(
          refused.fields().containsKey("name") || refused.fields().containsKey("value"),
          refused.text());
    }
    assertThrows(NotFound.class, () -> desk.variables.remove(desk.ada, desk.adas.id(), "A"));
    assertThrows(Invalid.class, () -> group(desk.ada, "", given("A", "b", false)));
    assertThrows(Invalid.class, () -> group(desk.ada, "bad", given("1", "b", false)));
    group(desk.ada, "twice");
    assertThrows(Invalid.class, () -> group(desk.ada, "twice"));
    assertEquals(1, desk.variables.groups(desk.ada, Slice.first(9)).total());
  }
}
