package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * How executions end: state, reason code, a detail that says what to do, and the log to its last
 * line.
 */
@Tag("ends")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EndsIT {
  static final Duration LIMIT = Duration.ofSeconds(90);

  /** How many executions the local worker runs at a time, as shipped. */
  private static final int SLOTS = 4;

  Runs runs;
  Project project;

  /** Where executions run. */
  Runs open() {
    return Runs.asProcesses();
  }

  @BeforeAll
  void start() {
    runs = open();
    project = runs.project("ends");
  }

  @AfterAll
  void stop() {
    if (runs != null) {
      runs.close();
    }
  }

  @Test
  void successIsComplete() {
    String execution =
        project.run(Code.script("echo first; echo last >&2; echo done > $VH_OUTPUTS_DIR/a.txt"));
    JsonNode detail = project.api().awaitEnd(execution, LIMIT);
    assertEquals("complete", detail.get("status").asText(), detail.toPrettyString());
    assertTrue(project.log(execution, Optional.of("stdout")).contains("first"));
    assertTrue(project.log(execution, Optional.of("stderr")).contains("last"));
    assertEquals("done\n", project.output(execution, "a.txt"));
  }

  @Test
  void exitCodeThreeIsAnErrorThatNamesIt() {
    String execution =
        project.run(
            Code.script(
                "echo before; echo kept > $VH_OUTPUTS_DIR/a.txt; printf 'the last words'; exit 3"));
    JsonNode detail = project.api().awaitEnd(execution, LIMIT);
    assertEquals("error", detail.get("status").asText());
    assertEquals("exit-code", detail.get("reason").asText());
    assertTrue(
        detail.get("status_detail").asText().contains("3"), detail.get("status_detail").asText());
    assertEquals(
        List.of("before", "the last words"), project.log(execution, Optional.of("stdout")));
    assertEquals("kept\n", project.output(execution, "a.txt"));
  }

  @Test
  void anInputThatIsNotThereIsNamed() {
    Code code =
        Code.of(
            Map.of(
                "valohai.yaml",
                """
                - step:
                    name: run
                    image: it-tools
                    command: cat "$VH_INPUTS_DIR/data/none.csv"
                    inputs:
                      - name: data
                """));
    String execution =
        project.run(
            code,
            Map.of(
                "inputs",
                Map.of("data", List.of(runs.millrace().address() + "/nothing/none.csv"))));
    JsonNode detail = project.api().awaitEnd(execution, LIMIT);
    assertEquals("error", detail.get("status").asText());
    assertEquals("input", detail.get("reason").asText(), detail.toPrettyString());
    String words = detail.get("status_detail").asText();
    assertTrue(words.contains("data") && words.contains("404"), words);
    assertTrue(project.log(execution, Optional.of("status")).contains(words), words);
  }

  @Test
  void aStopByTheUserIsStopped() {
    String execution = project.run(Code.script("echo begun; exec sleep 600"));
    project.awaitLine(execution, "begun");
    project.stop(execution);
    JsonNode detail = project.api().awaitEnd(execution, LIMIT);
    assertEquals("stopped", detail.get("status").asText());
    assertEquals("", detail.path("reason").asText(""), "a stop is no error");
    assertEquals(List.of("begun"), project.log(execution, Optional.of("stdout")));
    List<String> status = project.log(execution, Optional.of("status"));
    assertTrue(status.stream().anyMatch(line -> line.contains("SIGINT")), status.toString());
  }

  @Test
  void aStopBeforeTheStartIsStoppedAtOnce() {
    List<String> others =
        IntStream.range(0, SLOTS)
            .mapToObj(i -> project.run(Code.script("echo begun; exec sleep 600")))
            .toList();
    others.forEach(other -> project.awaitLine(other, "begun"));
    String execution = project.run(Code.script("echo never"));
    project.stop(execution);
    assertEquals("stopped", project.api().awaitEnd(execution, LIMIT).get("status").asText());
    assertEquals(List.of(), project.log(execution, Optional.of("stdout")));
    others.forEach(project::stop);
    others.forEach(other -> project.api().awaitEnd(other, LIMIT));
  }

  @Test
  void aLogOfManyLinesIsWholeAndInOrder() {
    String execution = project.run(Code.script("seq 1 20000"));
    assertEquals("complete", project.api().awaitEnd(execution, LIMIT).get("status").asText());
    List<String> lines = project.log(execution, Optional.of("stdout"));
    assertEquals(20000, lines.size());
    for (int i = 0; i < lines.size(); i++) {
      assertEquals(Integer.toString(i + 1), lines.get(i));
    }
  }

  @Test
  void anUnsupportedInputSchemeIsRefusedAtSubmit() {
    Code code =
        Code.of(
            Map.of(
                "valohai.yaml",
                "- step:\n    name: run\n    image: it-tools\n    command: ls\n    inputs:\n      - name: data\n"));
    for (String uri :
        List.of("s3://bucket/key", "file:///etc/passwd", "dataset://a/b", "ftp://host/x")) {
      Api.Answer answer = project.submit(code, Map.of("inputs", Map.of("data", List.of(uri))));
      assertEquals(400, answer.status(), uri + ": " + answer.text());
      assertTrue(answer.json().has("inputs"), answer.text());
    }
  }
}
