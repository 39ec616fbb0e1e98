package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** What only a container can leave behind: an exit code of a gibibyte. */
@Tag("worker-memory")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class WorkerMemoryInDockerIT {
  private static final Duration LIMIT = Duration.ofMinutes(5);

  private Runs runs;

  @BeforeAll
  void start() {
    runs = Runs.inDocker();
  }

  @AfterAll
  void stop() {
    if (runs != null) {
      runs.close();
    }
  }

  @Test
  void anExitCodeOfAnyLengthEndsTheRunAndNothingElse() {
    Project ada = runs.project("healthy");
    Project mallory =
        Project.of(runs.millrace().user("mallory"), "hostile").in(runs.image().orElseThrow());
    String healthy =
        ada.run(WorkerMemoryIT.code("echo begun; sleep 5; echo healthy >$VH_OUTPUTS_DIR/a.txt"));
    ada.awaitLine(healthy, "begun");
    long worker = runs.millrace().worker();
    String run =
        mallory.run(WorkerMemoryIT.code("truncate -s 1G /.millrace/exit; kill -9 -1; sleep 1"));
    JsonNode ended = mallory.api().awaitEnd(run, LIMIT);
    assertTrue(
        ended.get("status").asText().matches("error|complete"), () -> ended.toPrettyString());
    assertEquals("complete", ada.api().awaitEnd(healthy, LIMIT).get("status").asText());
    assertEquals("healthy\n", ada.output(healthy, "a.txt"));
    assertEquals(worker, runs.millrace().worker());
  }
}
