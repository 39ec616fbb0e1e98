package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

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

/** A run goes on while its master is away, and when its worker has died. */
@Tag("restart")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RestartIT {
  private static final int LINES = 100;
  private static final Code COUNTING =
      Code.of(
          Map.of(
              "valohai.yaml",
              "- step:\n    name: run\n    image: it-tools\n    command: sh count.sh\n",
              "count.sh",
              "i=0\nwhile [ $i -lt "
                  + LINES
                  + " ]; do i=$((i + 1)); echo \"line $i\"; sleep 0.1; done\n"
                  + "echo whole >\"$VH_OUTPUTS_DIR/end.txt\"\n"));

  private Distribution millrace;
  private Project project;

  @BeforeAll
  void start() {
    millrace = Distribution.start(Map.of());
    project = Project.of(millrace.user("ada"), "restart");
  }

  @AfterAll
  void stop() {
    millrace.close();
  }

  @Test
  void aMasterThatWasStoppedFindsItsWorkerAndTheRunWhole() {
    String execution = project.run(COUNTING);
    project.awaitLine(execution, "line 3");
    Machine.Result stopped = millrace.millrace("stop");
    stopped.expectSuccess();
    assertFalse(Machine.processesNaming("exec-" + execution).isEmpty(), "the run was ended");
    assertFalse(workers().isEmpty(), "the worker was ended");
    List<Long> before = workers();
    millrace.boot();
    expectWhole(execution);
    assertEquals(before, workers());
  }

  @Test
  void aWorkerThatWasKilledIsStartedAgainAndTakesUpItsRun() {
    String execution = project.run(COUNTING);
    project.awaitLine(execution, "line 3");
    List<Long> before = workers();
    before.forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
    expectWhole(execution);
    assertFalse(before.stream().anyMatch(workers()::contains), "the worker was not killed");
  }

  /** Every line once and in order, the output there, and nothing of the run left. */
  private void expectWhole(String execution) {
    JsonNode detail = project.api().awaitEnd(execution, Duration.ofSeconds(90));
    assertEquals("complete", detail.get("status").asText(), detail.toString());
    assertEquals(
        IntStream.rangeClosed(1, LINES).mapToObj(i -> "line " + i).toList(),
        project.log(execution, Optional.of("stdout")));
    assertEquals("whole\n", project.output(execution, "end.txt"));
    assertEquals(List.of(), Machine.processesNaming("exec-" + execution));
  }

  /** The processes of this installation's worker itself. */
  private List<Long> workers() {
    return Machine.processesNaming(millrace.data() + "/onprem/nodes/").stream()
        .filter(pid -> Machine.file(pid, "cmdline").contains("WorkerMain"))
        .toList();
  }
}
