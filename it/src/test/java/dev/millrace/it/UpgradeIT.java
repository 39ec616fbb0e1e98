package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * An installation of the release before, with all that people have in it, a run that goes on and
 * one that waits, is taken over by this release: nothing is lost, and its workers follow.
 */
@Tag("upgrade")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class UpgradeIT {
  private static final Duration LIMIT = Duration.ofSeconds(180);
  private static final String SECRET = "sealed before the upgrade";

  /** Whatever user code can leave: two streams, metadata, live and late outputs, sidecars. */
  private static final Code CODE =
      Code.of(
          Map.of(
              "valohai.yaml",
              """
              - step:
                  name: run
                  image: it-tools
                  command: sh run.sh
                  inputs:
                    - {name: before, optional: true}
                    - {name: wait, optional: true}
              - step:
                  name: fail
                  image: it-tools
                  command: "echo it fails >&2; exit 3"
              """,
              "run.sh",
              """
              seq 1 1500
              echo '{"step": 1, "loss": 0.5}'
              echo early >"$VH_OUTPUTS_DIR/early.txt"
              chmod 444 "$VH_OUTPUTS_DIR/early.txt"
              if [ -n "$WAITS" ]; then
                until [ -e "$VH_OUTPUTS_DIR/../go" ]; do sleep 0.1; done
              fi
              seq 1501 3000
              echo to stderr >&2
              echo '{"step": 2, "loss": 0.25}'
              cat "$VH_INPUTS_DIR"/before/* >"$VH_OUTPUTS_DIR/copy.txt" 2>/dev/null
              printf %s "$KEY" >"$VH_OUTPUTS_DIR/key.txt"
              head -c 300000 /dev/zero | tr '\\0' m >"$VH_OUTPUTS_DIR/model.bin"
              echo '{"kind": "model", "valohai.tags": ["kept"]}' \
                >"$VH_OUTPUTS_DIR/model.bin.metadata.json"
              """));

  private Distribution millrace;
  private Api ada;
  private Api ben;
  private Project settled;
  private Project going;
  private String commit;
  private String variables;
  private Process joined;

  /** What the master is told besides. */
  Map<String, String> settings() {
    return Map.of();
  }

  final void killMaster() {
    millrace.killMaster();
  }

  /** After the last master has ended. */
  void ended() {}

  /** How the master of the release before ends. */
  void end() {
    millrace.millrace("stop").expectSuccess();
  }

  @BeforeAll
  void start() throws Exception {
    Map<String, String> settings =
        new HashMap<>(
            Map.of(
                "MILLRACE_LOCAL_SLOTS", "1",
                "MILLRACE_POLL_SECONDS", "1",
                "MILLRACE_WORKER_BEAT_SECONDS", "1"));
    settings.putAll(settings());
    millrace = Distribution.unpack(Previous.archive(), settings);
    millrace.boot();
    ada = millrace.userWithPassword("ada");
    ben = millrace.user("ben");
    settled = Project.of(ada, "settled");
    going = Project.of(ada, "going");
  }

  @AfterAll
  void stop() {
    if (joined != null) {
      joined.destroy();
    }
    if (millrace != null) {
      millrace.close();
    }
    ended();
  }

  @Test
  void theNextReleaseTakesOverAllThatIsThere() throws Exception {
    String complete = people();
    String failed = settled.run(CODE, Map.of("step", "fail"));
    assertEquals("exit-code", ada.awaitEnd(failed, LIMIT).get("reason").asText());
    awaitSealed(settled, complete);
    awaitSealed(settled, failed);
    Seen before = seen(complete, failed);

    commit = ada.uploadCode(going.id(), CODE.archive());
    String running = submit("local", Map.of("WAITS", "yes", "KEY", "of the request"), Map.of());
    going.awaitLine(running, "1500");
    Machine.await(
        "the live output",
        LIMIT,
        () -> outputs(running).isEmpty() ? Optional.empty() : Optional.of(true));
    String datum = datum(complete, "model.bin").get("id").asText();
    Map<String, Object> request =
        Map.of(
            "inputs", Map.of("before", List.of("datum://" + datum)),
            "environment_variable_groups", List.of(variables));
    String waiting = submit("local", Map.of(), request);
    Machine.await(
        "its place in the queue",
        LIMIT,
        () ->
            going.detail(waiting).get("status").asText().equals("queued")
                ? Optional.of(true)
                : Optional.empty());
    Path old = join();
    long worker = millrace.worker();
    Seen live = new Seen().with(ada, "/api/v0/data/?output_execution=" + running);

    end();
    assertFalse(Machine.processesNaming("exec-" + running).isEmpty(), "the run was ended");
    millrace.install(Distribution.archive());
    millrace.boot();

    before.expectIn(seen(complete, failed));
    live.expectIn(new Seen().with(ada, "/api/v0/data/?output_execution=" + running));
    assertEquals(
        200,
        millrace
            .admin()
            .anonymous()
            .postForm(
                "/api/v0/get-token/",
                "username=ada&password=" + Distribution.password("ada").replace(' ', '+'))
            .status());
    assertEquals("started", going.detail(running).get("status").asText());
    assertEquals("queued", going.detail(waiting).get("status").asText());
    assertEquals(worker, millrace.worker(), "its worker was ended");
    go(running);
    expectWhole(running, "of the request");

    // What was submitted before runs on a worker of this release, and reads what was kept.
    expectWhole(waiting, SECRET);
    assertEquals(
        going.output(running, "model.bin"), going.output(waiting, "copy.txt"), "the input");
    awaitWorker(
        "local", w -> w.get("release").asText().equals(shipped()) && w.get("trouble").isNull());
    assertNotEquals(worker, millrace.worker());
    awaitSealed(going, running);
    expectWhole(running, "of the request");

    expectARunOf("hall", old);
    before.expectIn(seen(complete, failed));
    assertFalse(Files.readString(millrace.log()).contains("incident="), "no incident in the log");
  }

  /** Makes what people make; answers the execution that is complete. */
  private String people() {
    millrace.millrace("organization", "create", "lab").expectSuccess();
    millrace.millrace("organization", "add-member", "lab", "ada", "--admin").expectSuccess();
    millrace.millrace("organization", "add-member", "lab", "ben").expectSuccess();
    variables =
        ada.post("/api/v0/environment-variable-groups/", Map.of("name", "keys"))
            .expectSuccess()
            .get("id")
            .asText();
    ada.post(
            "/api/v0/environment-variable-groups/" + variables + "/environment_variable/",
            Map.of("name", "KEY", "value", SECRET, "secret", true))
        .expectSuccess();
    ada.post(
            "/api/v0/projects/" + settled.id() + "/environment_variable/",
            Map.of("name", "KEY", "value", "of the project"))
        .expectSuccess();
    String complete = settled.run(CODE);
    assertEquals("complete", ada.awaitEnd(complete, LIMIT).get("status").asText());
    String model = datum(complete, "model.bin").get("id").asText();
    ada.post("/api/v0/data/" + model + "/metadata/", Map.of("score", 0.5)).expectSuccess();
    ada.post(
            "/api/v0/datum-aliases/",
            Map.of("project", settled.id(), "name", "best", "datum", model))
        .expectSuccess();
    ada.post("/api/v0/executions/" + complete + "/tags/", Map.of("tags", List.of("good")))
        .expectSuccess();
    return complete;
  }

  /** All that must be afterwards as it was before. */
  private Seen seen(String complete, String failed) throws Exception {
    Seen seen = new Seen();
    for (String path :
        List.of("users/", "organizations/", "teams/", "tokens/", "stores/", "projects/")) {
      seen.with(millrace.admin(), "/api/v0/" + path);
    }
    for (String path : List.of("users/me/", "organizations/", "tokens/", "projects/")) {
      seen.with(ben, "/api/v0/" + path);
    }
    for (String path :
        List.of(
            "users/me/",
            "projects/" + settled.id() + "/",
            "projects/" + settled.id() + "/commits/",
            "environment-variable-groups/",
            "datum-aliases/?project=" + settled.id(),
            "executions/?project=" + settled.id(),
            "data/?project=" + settled.id() + "&limit=100",
            "data/" + datum(complete, "model.bin").get("id").asText() + "/metadata/")) {
      seen.with(ada, "/api/v0/" + path);
    }
    for (String execution : List.of(complete, failed)) {
      for (String part :
          List.of("", "events/?limit=0", "status-events/", "metadata/", "outputs/", "logs/")) {
        seen.with(ada, "/api/v0/executions/" + execution + "/" + part);
      }
    }
    return seen.with(millrace.data(), "store/blobs/logs/" + settled.id());
  }

  /** A worker of the release before by hand, which nobody starts again: it stays what it is. */
  private Path join() throws IOException {
    millrace.millrace("group", "create", "hall", "--runtime", "process").expectSuccess();
    String token = millrace.millrace("group", "join-token", "hall").expectSuccess();
    Path file = Files.writeString(millrace.folder().resolve("token"), token);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    Path folder = millrace.folder().resolve("hall");
    ProcessBuilder builder =
        new ProcessBuilder(
            WorkerArchive.of(WorkerArchive.shipped(millrace)).program().toString(),
            "run",
            "--dir",
            folder.toString(),
            "--master",
            millrace.address(),
            "--name",
            "hall-1",
            "--slots",
            "1",
            "--runtimes",
            "process",
            "--join-token-file",
            file.toString());
    builder.redirectErrorStream(true).redirectOutput(folder.resolveSibling("hall.log").toFile());
    joined = builder.start();
    awaitWorker("hall", w -> w.get("state").asText().equals("ready"));
    return folder;
  }

  /** A whole run between a worker that knows only the wire of before and this master. */
  private void expectARunOf(String group, Path folder) {
    assertTrue(joined.isAlive(), "the worker of " + folder + " has ended");
    expectWhole(submit(group, Map.of("KEY", "in the hall"), Map.of()), "in the hall");
    assertNotEquals(shipped(), awaitWorker(group, w -> true).get("release").asText());
  }

  private String submit(String group, Map<String, String> variables, Map<String, Object> more) {
    Map<String, Object> body = new HashMap<>(more);
    body.putAll(
        Map.of("project", going.id(), "commit", commit, "step", "run", "environment", group));
    body.put("environment_variables", variables);
    return ada.post("/api/v0/executions/", body).expectSuccess().get("id").asText();
  }

  private void go(String execution) throws IOException {
    try (Stream<Path> nodes = Files.walk(millrace.data().resolve("onprem/nodes"), 3)) {
      Path work =
          nodes
              .map(node -> node.resolve("worker/runs").resolve(execution).resolve("work"))
              .filter(Files::isDirectory)
              .findFirst()
              .orElseThrow();
      Files.createFile(work.resolve("go"));
    }
  }

  private void expectWhole(String execution, String key) {
    JsonNode detail = ada.awaitEnd(execution, LIMIT);
    assertEquals("complete", detail.get("status").asText(), detail.toPrettyString());
    List<String> out = going.log(execution, Optional.of("stdout"));
    assertEquals(
        IntStream.rangeClosed(1, 3000).mapToObj(Integer::toString).toList(),
        out.stream().filter(line -> line.matches("[0-9]+")).toList());
    assertTrue(going.log(execution, Optional.of("stderr")).contains("to stderr"));
    JsonNode metadata = ada.get("/api/v0/executions/" + execution + "/metadata/").expectSuccess();
    assertTrue(metadata.toString().contains("0.25"), metadata.toString());
    assertEquals(key, going.output(execution, "key.txt"));
    assertEquals("early\n", going.output(execution, "early.txt"));
    assertEquals("m".repeat(300_000), going.output(execution, "model.bin"));
    JsonNode model =
        ada.get("/api/v0/data/" + datum(execution, "model.bin").get("id").asText() + "/metadata/")
            .expectSuccess();
    assertTrue(model.toString().contains("\"kind\":\"model\""), model.toString());
  }

  private JsonNode outputs(String execution) {
    return ada.get("/api/v0/data/?output_execution=" + execution).expectSuccess().get("results");
  }

  private JsonNode datum(String execution, String name) {
    for (JsonNode datum : outputs(execution)) {
      if (datum.get("name").asText().equals(name)) {
        return datum;
      }
    }
    throw new AssertionError("no output " + name + " among " + outputs(execution));
  }

  private void awaitSealed(Project project, String execution) {
    Path folder = millrace.data().resolve("store/blobs/logs/" + project.id() + "/" + execution);
    Machine.await(
        "the seal of the log",
        LIMIT,
        () ->
            Files.exists(folder.resolve("index.json"))
                    && !Files.exists(millrace.data().resolve("logs/" + execution))
                ? Optional.of(true)
                : Optional.empty());
  }

  /** The version of the worker that this release ships. */
  private String shipped() {
    try {
      String name = WorkerArchive.shipped(millrace).getFileName().toString();
      return name.replace("millrace-worker-", "").replace("-linux-amd64.tar.gz", "");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private JsonNode awaitWorker(String group, Predicate<JsonNode> condition) {
    return Machine.await(
        "the worker of " + group,
        LIMIT,
        () -> {
          JsonNode workers =
              millrace.admin().get("/api/v0/workers/?environment=" + group).expectSuccess();
          JsonNode results = workers.get("results");
          if (results.size() == 1 && condition.test(results.get(0))) {
            return Optional.of(results.get(0));
          }
          throw new IllegalStateException(workers.toPrettyString());
        });
  }
}
