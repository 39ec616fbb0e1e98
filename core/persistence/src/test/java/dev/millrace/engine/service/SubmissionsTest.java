package dev.millrace.engine.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.EnvironmentValue;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.InputFile;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Slice;
import dev.millrace.persistence.H2Database;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class SubmissionsTest {
  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private Desk desk;
  private CommitView commit;

  @BeforeEach
  void open() {
    desk = new Desk(h2.database(), folder);
    commit = desk.upload(desk.ada, desk.adas, Desk.YAML);
  }

  @Test
  void aStepAloneTakesAllItsDefaults() {
    ExecutionView view = submit(Desk.ask(desk.adas, commit, "train"));
    Execution made = view.execution();
    assertEquals(1, made.counter());
    assertEquals(ExecutionStatus.CREATED, made.status());
    assertTrue(made.waiting().isPresent());
    assertEquals("busybox:1", made.spec().image());
    assertEquals(List.of("sh train.sh --epochs=5"), made.spec().commands());
    assertEquals(Map.of("epochs", 5), plain(made.spec().parameters()));
    assertEquals("local", view.environment().slug());
    assertEquals(
        new InputFile("b.csv", "http://example.org/a/b.csv", Optional.empty()),
        made.spec().inputs().get(0).files().get(0));
    assertEquals(
        new EnvironmentValue("MODE", Optional.of("fast"), Optional.empty()),
        made.spec().environmentVariables().get(0));
  }

  @Test
  void countersRiseWithinTheProjectAndTheFirstFactIsWrittenWithTheRow() {
    submit(Desk.ask(desk.adas, commit, "train"));
    ExecutionView second = submit(Desk.ask(desk.adas, commit, "train"));
    assertEquals(2, second.execution().counter());
    assertEquals(
        "Submitted",
        desk.executions.facts(desk.ada, second.execution().id().toString(), 10).get(0).kind());
    assertTrue(
        h2
            .database()
            .read(
                s ->
                    s.audit()
                        .list(Optional.of("execution:" + second.execution().id()), Slice.first(5)))
            .items()
            .stream()
            .anyMatch(a -> a.action().equals("execution.create")));
  }

  @Test
  void textsAreBroughtIntoTheTypesOfTheStep() {
    Execution made =
        submit(
                Desk.ask(
                    desk.adas,
                    commit,
                    "train",
                    Map.of(),
                    Map.of("epochs", new TextNode("7")),
                    Map.of()))
            .execution();
    assertEquals(Map.of("epochs", 7), plain(made.spec().parameters()));
  }

  @Test
  void everythingThatIsWrongIsSaidAtOnceAndNothingIsMade() {
    Invalid refused =
        refused(
            Desk.ask(
                desk.adas,
                commit,
                "strict",
                Map.of("nothing", List.of("http://example.org/x")),
                Map.of("rate", NullNode.getInstance()),
                Map.of("1BAD", new Submission.Variable(Secret.of("x"), false))));
    assertTrue(refused.fields().containsKey("parameters.rate"), refused.text());
    assertTrue(refused.fields().containsKey("inputs.data"), refused.text());
    assertTrue(refused.fields().containsKey("inputs.nothing"), refused.text());
    assertTrue(refused.fields().containsKey("environment_variables.1BAD"), refused.text());
    assertEquals(1, submit(Desk.ask(desk.adas, commit, "train")).execution().counter());
  }

  @Test
  void addressesThatAreNotSupportedAreRefusedByName() {
    for (String uri :
        List.of(
            "s3://bucket/key",
            "file:///etc/passwd",
            "dataset://a/b",
            "http://example.org/*.csv",
            "http://user:word@example.org/a",
            "http://example.org/",
            "http:///a",
            "http://127.0.0.1/a",
            "http://[::1]/a",
            "http://0.0.0.0/a",
            "http://169.254.169.254/a",
            "http://2852039166/a",
            "http://0xA9FEA9FE/a",
            "http://0251.0376.0251.0376/a",
            "http://[::ffff:169.254.169.254]/a",
            "http://[64:ff9b::a9fe:a9fe]/a",
            "http://[fe80::1]/a",
            "gopher://example.org/a",
            "plain",
            "datum://an-alias",
            "http://example.org/a%0Ab")) {
      Invalid refused =
          refused(
              Desk.ask(
                  desk.adas, commit, "train", Map.of("data", List.of(uri)), Map.of(), Map.of()));
      assertTrue(refused.fields().containsKey("inputs.data"), uri + ": " + refused.text());
    }
  }

  @Test
  void onDemandInputsAreRefused() {
    assertTrue(refused(Desk.ask(desk.adas, commit, "lazy")).text().contains("On-demand"));
  }

  @Test
  void aDatumIsFixedAtSubmit() {
    Datum datum = desk.output(desk.run(desk.ada, desk.adas), "models/model.bin");
    Execution made =
        submit(
                Desk.ask(
                    desk.adas,
                    commit,
                    "train",
                    Map.of("data", List.of("datum://" + datum.id())),
                    Map.of(),
                    Map.of()))
            .execution();
    assertEquals(
        new InputFile("model.bin", "datum://" + datum.id(), Optional.of(datum.id())),
        made.spec().inputs().get(0).files().get(0));
  }

  @Test
  void anotherUsersDatumIsRefusedAsIfThereWereNone() {
    Datum foreign = desk.output(desk.run(desk.bob, desk.bobs), "secret.bin");
    String unknown = "00000000-0000-7000-8000-000000000000";
    assertEquals(
        datumError(unknown).replace(unknown, "ID"),
        datumError(foreign.id().toString()).replace(foreign.id().toString(), "ID"));
  }

  @Test
  void aDatumOfAnotherOwnerIsRefusedAlsoToWhoSeesIt() {
    var lab = desk.organizations.make(new Actor.Engine(), "lab");
    desk.organizations.put(new Actor.Engine(), lab.id(), "ada", false);
    Datum labs = desk.output(desk.run(desk.ada, desk.project(lab.id(), "ours")), "model.bin");
    String unknown = "00000000-0000-7000-8000-000000000000";
    assertEquals(
        datumError(unknown).replace(unknown, "ID"),
        datumError(labs.id().toString()).replace(labs.id().toString(), "ID"));
  }

  @Test
  void anotherUsersProjectIsRefusedAsIfThereWereNone() {
    CommitView bobs = desk.upload(desk.bob, desk.bobs, Desk.YAML);
    Invalid refused = refused(Desk.ask(desk.bobs, bobs, "train"));
    assertEquals("does_not_exist", refused.fields().get("project").get(0).code());
  }

  @Test
  void aSecretVariableIsStoredSealed() {
    Execution made =
        submit(
                Desk.ask(
                    desk.adas,
                    commit,
                    "train",
                    Map.of(),
                    Map.of(),
                    Map.of("KEY", new Submission.Variable(Secret.of("canary"), true))))
            .execution();
    Execution stored =
        h2.database()
            .read(s -> s.executions().find(new Scope.Everything(), made.id()))
            .orElseThrow();
    EnvironmentValue value = stored.spec().environmentVariables().get(1);
    assertTrue(value.secret());
    assertFalse(stored.toString().contains("canary"));
    assertEquals(
        "canary",
        desk.key
            .unseal(value.sealed().orElseThrow(), EnvironmentValue.context(made.id()))
            .reveal());
  }

  @Test
  void anUnknownCommitStepOrEnvironmentIsNamed() {
    Submission good = Desk.ask(desk.adas, commit, "train");
    assertTrue(refused(Desk.ask(desk.adas, commit, "nothing")).text().contains("\"strict\""));
    CommitView bobs = desk.upload(desk.bob, desk.bobs, Desk.YAML + "\n# other bytes\n");
    assertTrue(refused(Desk.ask(desk.adas, bobs, "train")).fields().containsKey("commit"));
    Submission elsewhere =
        new Submission(
            good.project(),
            good.commit(),
            good.step(),
            good.command(),
            good.image(),
            good.title(),
            Optional.of("moon"),
            good.inputs(),
            good.parameters(),
            good.environmentVariables(),
            good.tags(),
            good.priority(),
            good.timeLimitSeconds(),
            good.runtimeConfig(),
            good.environmentVariableGroups(),
            true,
            good.runtimeConfigPreset());
    Problem problem = refused(elsewhere).fields().get("environment").get(0);
    assertEquals("does_not_exist", problem.code());
    assertTrue(problem.message().contains("local"), problem.message());
  }

  @Test
  void whatIsNotThereYetIsRefusedNotIgnored() {
    Submission good = Desk.ask(desk.adas, commit, "train");
    Submission more =
        new Submission(
            good.project(),
            good.commit(),
            good.step(),
            good.command(),
            Optional.of("NOT AN IMAGE"),
            good.title(),
            good.environment(),
            good.inputs(),
            good.parameters(),
            good.environmentVariables(),
            List.of("a\nb"),
            0,
            good.timeLimitSeconds(),
            Map.of("remote_debug", IntNode.valueOf(1), "no_output_timeout", IntNode.valueOf(-1)),
            Optional.of(List.of("group")),
            true,
            Optional.of("preset"));
    Invalid refused = refused(more);
    for (String field :
        List.of(
            "image",
            "tags",
            "runtime_config.remote_debug",
            "runtime_config.no_output_timeout",
            "environment_variable_groups",
            "runtime_config_preset")) {
      assertTrue(refused.fields().containsKey(field), field + ": " + refused.text());
    }
  }

  private String datumError(String id) {
    return refused(
            Desk.ask(
                desk.adas,
                commit,
                "train",
                Map.of("data", List.of("datum://" + id)),
                Map.of(),
                Map.of()))
        .text();
  }

  private ExecutionView submit(Submission asked) {
    return desk.submissions.submit(desk.ada, asked);
  }

  private Invalid refused(Submission asked) {
    return assertThrows(Invalid.class, () -> submit(asked));
  }

  private static Map<String, Integer> plain(Map<String, JsonNode> values) {
    Map<String, Integer> plain = new java.util.HashMap<>();
    values.forEach((name, value) -> plain.put(name, value.asInt()));
    return plain;
  }
}
