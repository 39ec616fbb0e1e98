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
import java.util.List;
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
 * The everyday life of a data scientist with the unmodified client against what ./quickstart --stay
 * left running, with the address and the token that it printed; standard input is closed.
 */
@Tag("vh")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class VhIT {
  private Newcomer newcomer;
  private Transcript quickstart;
  private String address;
  private Api api;
  private Path folder;
  private Vh vh;
  private String model = "";

  @BeforeAll
  void start() throws IOException {
    newcomer = Newcomer.arrive();
    newcomer.takeBuild();
    quickstart = newcomer.quickstart("--stay").expectSuccess();
    address = quickstart.find("address: +(http\\S+)");
    api = new Api(address, Optional.of(quickstart.find("token: +(\\S+)")));
    folder = Files.createTempDirectory("it-digits");
    vh = Vh.in(folder);
  }

  @AfterAll
  void stop() {
    newcomer.close();
  }

  @Test
  @Order(1)
  void whatQuickstartTellsToTypeWorks() {
    Path clients = newcomer.checkout().resolve("it/clients.txt");
    assertTrue(quickstart.says("pip install -r '" + clients + "'"), quickstart.text());
    String copy = quickstart.find("^ +(cp -RT .*) ~/millrace-digits && cd ~/millrace-digits$");
    Machine.run(folder, List.of("sh", "-c", copy + " .")).expectSuccess();
    List<String> typed =
        quickstart.lines().stream()
            .map(l -> l.text().trim())
            .filter(l -> l.startsWith("vh "))
            .toList();
    assertEquals(4, typed.size(), typed.toString());
    assertEquals("vh login --host " + address + " --token " + api.token(), typed.get(0));
    String hello = vh.typed(typed.get(0));
    assertTrue(hello.contains("Hey quickstart!"), hello);
    String project = vh.typed(typed.get(1));
    assertTrue(project.contains("Project quickstart/demo created"), project);
    assertTrue(project.contains("Linked " + folder + " to demo"), project);
    String made = vh.typed(typed.get(2));
    assertTrue(made.contains("Uploaded ad-hoc code"), made);
    assertTrue(made.contains("Execution #1 created"), made);
    String log = vh.typed(typed.get(3));
    assertTrue(log.contains("training on 1438 images"), log);
    assertTrue(log.contains("\"epoch\": 12"), log);
    assertTrue(log.contains("Output model.csv uploaded"), log);
  }

  @Test
  @Order(2)
  void infoTellsHowItEnded() throws IOException {
    JsonNode end = api.awaitEnd(execution(1), Duration.ofSeconds(60));
    assertEquals("complete", end.get("status").asText());
    String info = vh.ok("exec", "info", "latest").replaceAll(" +", " ");
    for (List<String> fact :
        List.of(
            List.of("status", "complete"),
            List.of("step", "train"),
            List.of("project name", "demo"),
            List.of("creator name", "quickstart"),
            List.of("exit code", "0"),
            List.of("n outputs", "1"))) {
      String line = " key | " + fact.get(0) + "\nvalue | " + fact.get(1);
      assertTrue(info.contains(line), line + " is not in\n" + info);
    }
    assertTrue(info.contains("epochs 12"), info);
    JsonNode json = Api.JSON.readTree(vh.ok("--output-format", "json", "exec", "info", "latest"));
    assertEquals("complete", json.at("/status").asText());
    assertEquals(12, end.at("/cumulative_metadata/epoch").asInt(), end.toString());
  }

  @Test
  @Order(3)
  void outputsAreDownloaded() throws IOException {
    Path out = folder.resolve("out");
    String said = vh.ok("exec", "outputs", "latest", "-d", "out");
    assertTrue(said.contains("Downloaded 1 outputs"), said);
    model = new Transcript(0, List.of(new Transcript.Line(0, said))).find("(datum://\\S+)");
    Path heldOut = folder.resolve("data/heldout.csv");
    double accuracy = Digits.accuracy(out.resolve("model.csv"), heldOut);
    assertTrue(accuracy >= Digits.commonest(heldOut) + 0.10, "accuracy " + accuracy);
    assertEquals(
        Files.readString(newcomer.output("model.csv")), Files.readString(out.resolve("model.csv")));
  }

  @Test
  @Order(4)
  void stoppingAnEndedExecutionIsNoError() {
    String said = vh.ok("exec", "stop", "latest");
    assertTrue(said.contains("Stopping #1"), said);
    assertTrue(said.contains("Done"), said);
    JsonNode detail = api.get("/api/v0/executions/" + execution(1) + "/").expectSuccess();
    assertEquals("complete", detail.get("status").asText());
  }

  @Test
  @Order(5)
  void listsNameWhatIsThere() {
    String executions = vh.ok("exec", "list").replaceAll(" +", " ");
    assertTrue(executions.contains(" # | 1\n"), executions);
    assertTrue(executions.contains("Status | complete"), executions);
    assertTrue(executions.contains("Step | train"), executions);
    String data = vh.ok("data", "list").replaceAll(" +", " ");
    assertTrue(data.contains("Name | model.csv"), data);
    assertTrue(data.contains("Output of Exec | #1"), data);
    assertTrue(data.contains(model), data);
    String projects = vh.ok("project", "list");
    assertTrue(projects.contains("demo") && projects.contains("digits"), projects);
  }

  @Test
  @Order(6)
  void anOutputIsTheNextOnesInput() {
    String made = vh.ok("exec", "run", "--adhoc", "evaluate", "--model=" + model);
    assertTrue(made.contains("Execution #2 created"), made);
    String log = vh.ok("exec", "logs", "latest", "--stream");
    assertTrue(log.contains("\"images\": 359"), log);
    JsonNode end = api.awaitEnd(execution(2), Duration.ofSeconds(60));
    assertEquals("complete", end.get("status").asText());
  }

  @Test
  @Order(7)
  void deletesAnExecution() {
    String first = execution(1);
    String said = vh.ok("exec", "delete", "1");
    assertTrue(said.contains("Deleted 1 executions"), said);
    JsonNode gone = api.get("/api/v0/executions/" + first + "/").expectSuccess();
    assertTrue(gone.get("deleted").asBoolean(), gone.toString());
    String list = vh.ok("exec", "list").replaceAll(" +", " ");
    assertFalse(list.contains(" # | 1\n"), list);
    assertTrue(list.contains(" # | 2\n"), list);
  }

  @Test
  @Order(8)
  void aMistakeIsToldInWords() throws IOException {
    Machine.Result gone = vh.run("exec", "info", "1");
    assertNotEquals(0, gone.code());
    assertTrue(gone.output().contains("Execution #1 does not exist"), gone.output());
    Vh stranger = Vh.in(Files.createTempDirectory("it-stranger"));
    Machine.Result refused = stranger.run("login", "--host", address, "--token", "wrong");
    assertNotEquals(0, refused.code());
    assertTrue(refused.output().contains("oken"), refused.output());
    assertFalse(refused.output().contains("Traceback"), refused.output());
  }

  private String execution(int counter) {
    JsonNode projects = api.get("/api/v0/projects/?limit=1000").expectSuccess().get("results");
    for (JsonNode project : projects) {
      if (project.get("name").asText().equals("demo")) {
        String name = project.get("id").asText() + ":" + counter;
        return api.get("/api/v0/executions/" + name + "/").expectSuccess().get("id").asText();
      }
    }
    throw new AssertionError("no project demo among " + projects);
  }
}
