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
  /**
   * Started two levels below the script, once in the foreground and once in the background, where a
   * shell starts it with SIGINT ignored: a program may change that, another shell may not. The one
   * in the background needs a second more to write its output.
   */
  private static final Map<String, String> LISTENERS =
      Map.of(
          "valohai.yaml",
          "- step:\n    name: run\n    image: it-tools\n    command: sh outer.sh\n",
          "outer.sh",
          "sh middle.sh\n",
          "middle.sh",
          "perl listener.pl background 1 &\nperl listener.pl foreground 0\n",
          "listener.pl",
          """
          $| = 1;
          my ($name, $seconds) = @ARGV;
          $SIG{INT} = sub {
            select(undef, undef, undef, $seconds);
            open(my $out, '>', "$ENV{VH_OUTPUTS_DIR}/$name.txt") or die;
            print $out "interrupted\\n";
            close $out;
            exit 0;
          };
          print "ready $name\\n";
          sleep 1 while 1;
          """);

  private Runs runs;
  private Project project;

  /** Where executions run. */
  Runs open() {
    return Runs.asProcesses();
  }

  @BeforeAll
  void start() {
    runs = open();
    project = runs.project("stop");
  }

  @AfterAll
  void stop() {
    if (runs != null) {
      runs.close();
    }
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
