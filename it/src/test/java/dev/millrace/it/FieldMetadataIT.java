package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Much metadata, and folders of many levels, as people reported them of other systems. */
@Tag("field")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class FieldMetadataIT {
  private static final Duration LIMIT = Duration.ofMinutes(4);

  private Runs runs;
  private Project project;

  /** Where executions run. */
  Runs open() {
    return Runs.asProcesses();
  }

  @BeforeAll
  void start() {
    runs = open();
    project = runs.project("metadata");
  }

  @AfterAll
  void stop() {
    if (runs != null) {
      runs.close();
    }
  }

  private JsonNode ended(String script) {
    String execution = project.run(Code.script(script));
    return project.api().awaitEnd(execution, LIMIT);
  }

  @Test
  void linesOfFilesThatAreNoOutputsArePassedOver() {
    long worker = runs.millrace().worker();
    JsonNode detail =
        ended(
            "cd $VH_OUTPUTS_DIR; echo x >a.txt; awk 'BEGIN { x = sprintf(\"%110s\", \"\");"
                + " for (i = 0; i < 300000; i++)"
                + " print \"{\\\"file\\\": \\\"f\" i \"\\\", \\\"metadata\\\": {\\\"a\\\": \\\"\" x \"\\\"}}\" }'"
                + " >valohai.metadata.jsonl");
    assertEquals("complete", detail.get("status").asText(), detail.toPrettyString());
    assertEquals(worker, runs.millrace().worker());
    List<String> said =
        project.log(detail.get("id").asText(), Optional.of("status")).stream()
            .filter(line -> line.contains("valohai.metadata.jsonl"))
            .toList();
    assertEquals(
        List.of("valohai.metadata.jsonl has 300,000 lines for files that are no outputs."), said);
  }

  @Test
  void manyFilesOfMetadataWithoutAnOutputAreToldInAFewLines() {
    JsonNode detail =
        ended(
            "cd $VH_OUTPUTS_DIR; echo x >a.txt; seq 3000 | sed 's/$/.metadata.json/' | xargs touch;"
                + " echo broken >a.txt.metadata.json");
    assertEquals("complete", detail.get("status").asText(), detail.toPrettyString());
    List<String> said = project.log(detail.get("id").asText(), Optional.of("status"));
    assertTrue(said.size() < 60, () -> "lines: " + said.size());
    assertTrue(
        said.stream().anyMatch(l -> l.contains("2,980 more metadata files")), said::toString);
  }

  @Test
  void aFolderThatIsTooDeepIsNamedAsSuchAndMissed() {
    JsonNode detail =
        ended(
            "cd $VH_OUTPUTS_DIR; echo x >a.txt; d=$(printf 'e/%.0s' $(seq 104)); mkdir -p $d;"
                + " echo y >$d/lost.txt");
    assertEquals("error", detail.get("status").asText(), detail.toPrettyString());
    assertEquals("output", detail.get("reason").asText());
    String words = detail.get("status_detail").asText();
    assertTrue(words.contains("100 deep") && !words.contains("regular"), words);
    assertEquals("x\n", project.output(detail.get("id").asText(), "a.txt"));
  }
}
