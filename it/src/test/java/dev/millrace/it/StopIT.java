package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A stop reaches every process of a run. */
@Tag("stop")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StopIT {
  /** Started two levels below the script, once in the foreground and once in the background. */
  private static final Map<String, String> LISTENERS =
      Map.of(
          "valohai.yaml",
          "- step:\n    name: run\n    image: it-tools\n    command: sh outer.sh\n",
          "outer.sh",
          "sh middle.sh\n",
          "middle.sh",
          "sh listener.sh background &\nsh listener.sh foreground\nwait\n",
          "listener.sh",
          """
          trap 'echo interrupted > "$VH_OUTPUTS_DIR/$1.txt"; exit 0' INT
          echo "ready $1"
          while :; do sleep 0.2; done
          """);

  private Distribution millrace;
  private Project project;

  @BeforeAll
  void start() {
    millrace = Distribution.start(Map.of("MILLRACE_STOP_GRACE_SECONDS", "5"));
    project = Project.of(millrace.user("ada"), "stop");
  }

  @AfterAll
  void stop() {
    millrace.close();
  }

  @Test
  void everyProcessGetsTheInterruptAndItsOutputIsKept() {
    String execution = project.run(Code.of(LISTENERS));
    project.awaitLine(execution, "ready background");
    project.awaitLine(execution, "ready foreground");
    Instant asked = Instant.now();
    project.stop(execution);
    JsonNode detail = project.api().awaitEnd(execution, Duration.ofSeconds(60));
    assertEquals("stopped", detail.get("status").asText());
    Duration took = Duration.between(asked, Instant.parse(detail.get("end_time").asText()));
    assertTrue(took.compareTo(Duration.ofSeconds(10)) < 0, "it took " + took);
    assertEquals("interrupted\n", project.output(execution, "foreground.txt"));
    assertEquals("interrupted\n", project.output(execution, "background.txt"));
  }

  @Test
  void whoIgnoresTheInterruptEndsAtTheGrace() {
    String marker = "deaf-" + System.nanoTime();
    String execution =
        project.run(
            Code.of(
                Map.of(
                    "valohai.yaml",
                    "- step:\n    name: run\n    image: it-tools\n    command: sh deaf.sh "
                        + marker
                        + "\n",
                    "deaf.sh",
                    "trap '' INT\necho ready\n(trap '' INT; while :; do sleep 0.2; done) &\nwhile :; do sleep 0.2; done\n")));
    project.awaitLine(execution, "ready");
    Instant asked = Instant.now();
    project.stop(execution);
    JsonNode detail = project.api().awaitEnd(execution, Duration.ofSeconds(60));
    assertEquals("stopped", detail.get("status").asText());
    Duration took = Duration.between(asked, Instant.parse(detail.get("end_time").asText()));
    assertTrue(took.compareTo(Duration.ofMillis(4500)) > 0, "the grace was not kept: " + took);
    assertTrue(took.compareTo(Duration.ofSeconds(15)) < 0, "it took " + took);
    assertEquals(List.of(), Machine.processesNaming(marker));
    assertEquals(List.of(), Machine.processesNaming("exec-" + execution));
  }
}
