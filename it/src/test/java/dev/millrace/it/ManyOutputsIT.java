package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Many outputs on a store that answers each request 50 ms late. */
@Tag("many-outputs")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class ManyOutputsIT {
  private static final int FILES = Machine.full() ? 100_000 : 1_000;

  /** Three times what an idle machine may take for 1,000. */
  private static final Duration SENDING = Duration.ofSeconds(FILES / 1_000 * 24L);

  private Distribution millrace;
  private Project project;

  @BeforeAll
  void start() throws IOException {
    millrace = Distribution.unpack(Map.of());
    Files.delete(millrace.home().resolve("conf/dev.millrace.store.filesystem~default.json"));
    Path folder = Files.createDirectory(millrace.folder().resolve("slow"));
    RogueJar.slowStore().dropInto(millrace, folder);
    millrace.boot();
    project = Project.of(millrace.user("ada"), "many");
  }

  @AfterAll
  void stop() {
    if (millrace != null) {
      millrace.close();
    }
  }

  @Test
  void allAreRecordedSoonAfterTheEnd() {
    String execution =
        project.run(
            Code.script(
                "cd \"$VH_OUTPUTS_DIR\"; i=0; while [ $i -lt "
                    + FILES
                    + " ]; do echo $i >f$i.txt; i=$((i+1)); done; "
                    + "perl -e 'for (0.."
                    + (FILES - 1)
                    + ") { print \"{\\\"file\\\": \\\"f$_.txt\\\", \\\"metadata\\\": "
                    + "{\\\"n\\\": $_}}\\n\" }' >valohai.metadata.jsonl"));
    JsonNode detail = project.api().awaitEnd(execution, Duration.ofMinutes(50));
    assertEquals("complete", detail.get("status").asText(), detail.toPrettyString());
    JsonNode data =
        project.api().get("/api/v0/data/?limit=10&output_execution=" + execution).expectSuccess();
    assertEquals(FILES, data.get("count").asInt());
    JsonNode first = data.at("/results/0");
    Duration took = lastRecorded(execution);
    System.out.println(FILES + " outputs recorded in " + took.toMillis() + " ms, " + first);
    assertTrue(took.compareTo(SENDING) < 0, took.toString());
  }

  /** From the end of user code to the end of the execution. */
  private Duration lastRecorded(String execution) {
    JsonNode events =
        project
            .api()
            .get("/api/v0/executions/" + execution + "/events/?limit=0")
            .expectSuccess()
            .get("events");
    Instant begun = null;
    Instant last = Instant.EPOCH;
    for (JsonNode event : events) {
      if (event.get("message").asText().startsWith("Output f")) {
        Instant time = Instant.parse(event.get("time").asText() + "Z");
        begun = begun == null ? time : begun;
        last = time;
      }
    }
    return Duration.between(begun == null ? last : begun, last);
  }
}
