package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** The everyday life of a data scientist with the unmodified client, standard input closed. */
@Tag("vh")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class VhIT {
  private Distribution millrace;
  private Api ada;
  private Vh vh;
  private Path folder;

  @BeforeAll
  void start() throws IOException {
    millrace = Distribution.start(Map.of());
    ada = millrace.user("ada");
    folder =
        Code.of(
                Map.of(
                    "valohai.yaml",
                    """
                    - step:
                        name: greet
                        image: it-tools
                        command:
                          - echo hello {parameter-value:name}
                          - >-
                            echo '{"loudness": 1.0}'
                          - mkdir -p "$VH_OUTPUTS_DIR/deep" && echo content > "$VH_OUTPUTS_DIR/deep/result.txt"
                        parameters:
                          - name: name
                            type: string
                            default: world
                          - name: loudness
                            type: float
                            default: 1.0
                    """))
            .folder();
    vh = Vh.in(folder);
  }

  @AfterAll
  void stop() {
    millrace.close();
  }

  @Test
  @Order(1)
  void logsInAndMakesAProject() {
    vh.ok("login", "--host", millrace.address(), "--token", ada.token());
    assertTrue(vh.ok("project", "create", "-n", "demo", "-y").contains("demo"));
    assertTrue(vh.ok("project", "list").contains("demo"));
    vh.ok("project", "status");
  }

  @Test
  @Order(2)
  void runsAStepFromTheWorkingCopyAndFollowsItsLog() {
    String made = vh.ok("exec", "run", "--adhoc", "greet", "--name=Ada");
    assertTrue(made.contains("#1"), made);
    String log = vh.ok("exec", "logs", "latest", "--stream");
    assertTrue(log.contains("hello Ada"), log);
    assertTrue(log.contains("loudness"), log);
  }

  @Test
  @Order(3)
  void showsWhatBecameOfIt() throws IOException {
    String info = vh.ok("exec", "info", "latest");
    assertTrue(info.contains("complete"), info);
    assertTrue(info.contains("demo"), info);
    assertTrue(vh.ok("exec", "list").contains("greet"));
    System.out.println(vh.ok("exec", "summarize", "1"));
    JsonNode first = ada.get("/api/v0/executions/" + project() + ":1/").expectSuccess();
    assertEquals(1.0, first.at("/cumulative_metadata/loudness").asDouble());
    JsonNode detail = Api.JSON.readTree(vh.ok("--output-format", "json", "exec", "info", "latest"));
    assertEquals("complete", detail.at("/status").asText());
  }

  @Test
  @Order(4)
  void downloadsOutputsAndListsData() throws IOException {
    Path out = folder.resolve("out");
    vh.ok("exec", "outputs", "latest", "-d", out.toString());
    assertEquals("content\n", Files.readString(out.resolve("deep/result.txt")));
    assertTrue(vh.ok("data", "list").contains("result.txt"));
  }

  @Test
  @Order(5)
  void stoppingAnEndedExecutionIsNoError() {
    vh.ok("exec", "stop", "latest");
  }

  @Test
  @Order(6)
  void deletesTheExecution() {
    vh.ok("exec", "delete", "1");
    assertEquals(404, ada.get("/api/v0/executions/" + project() + ":1/").status());
  }

  @Test
  @Order(7)
  void aWrongTokenIsRefusedInWords() throws IOException {
    Vh stranger = Vh.in(Files.createTempDirectory("it-stranger"));
    Machine.Result result = stranger.run("login", "--host", millrace.address(), "--token", "wrong");
    assertNotEquals(0, result.code());
  }

  private String project() {
    return ada.get("/api/v0/projects/?limit=1000").expectSuccess().at("/results/0/id").asText();
  }
}
