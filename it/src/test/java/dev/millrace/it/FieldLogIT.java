package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What shells do with their output, and what a terminal would show of it. */
@Tag("field")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FieldLogIT {
  private static final Duration LIMIT = Duration.ofSeconds(120);

  Runs runs;
  Project project;

  /** Where executions run. */
  Runs open() {
    return Runs.asProcesses();
  }

  @BeforeAll
  void start() {
    runs = open();
    project = runs.project("terminal");
  }

  @AfterAll
  void stop() {
    if (runs != null) {
      runs.close();
    }
  }

  private String complete(String script) {
    String execution = project.run(Code.script(script));
    JsonNode detail = project.api().awaitEnd(execution, LIMIT);
    assertEquals("complete", detail.get("status").asText(), detail.toPrettyString());
    return execution;
  }

  @Test
  void aStreamThatIsOpenedAnewLosesNothing() {
    String execution =
        complete(
            "seq 1 30000; echo warn > /dev/stdout; echo end; i=0;"
                + " while [ $i -lt 300 ]; do i=$((i+1)); echo e $i > /dev/stderr; done");
    List<String> wanted = new ArrayList<>(numbers(1, 30000, ""));
    Collections.addAll(wanted, "warn", "end");
    assertEquals(wanted, project.log(execution, Optional.of("stdout")));
    assertEquals(numbers(1, 300, "e "), project.log(execution, Optional.of("stderr")));
  }

  @Test
  void noWayToOpenAStreamLosesWhatStoodThere() {
    String execution =
        complete(
            "echo one; echo two | tee /dev/stderr; echo three > /proc/self/fd/1; : > /dev/stdout;"
                + " echo four | dd of=/dev/stdout 2>/dev/null; sh -c 'echo five >/dev/stdout';"
                + " (echo six >/dev/stderr) >/dev/null; exec >/dev/stdout; echo seven");
    assertEquals(
        List.of("one", "two", "three", "four", "five", "seven"),
        project.log(execution, Optional.of("stdout")));
    assertEquals(List.of("two", "six"), project.log(execution, Optional.of("stderr")));
  }

  private static List<String> numbers(int from, int to, String before) {
    return IntStream.rangeClosed(from, to).mapToObj(i -> before + i).toList();
  }

  @Test
  void dotsAreSeenBeforeTheirLineEnds() {
    String execution =
        project.run(
            Code.script(
                "echo start; i=0; while [ $i -lt 10 ]; do printf .; sleep 0.7; i=$((i+1)); done;"
                    + " echo; echo end"));
    List<String> states = partials(execution);
    assertTrue(states.size() > 3, "the states that were seen: " + states);
    states.forEach(state -> assertTrue(state.matches("\\.{1,10}"), state));
    assertEquals(states.stream().sorted().distinct().toList(), states, "it grows");
    assertEquals(
        List.of("start", "..........", "end"), project.log(execution, Optional.of("stdout")));
  }

  @Test
  void ofABarTheNewestStateIsSeen() {
    String execution =
        project.run(
            Code.script(
                "i=0; while [ $i -le 100 ]; do printf '\\r%3d%%|###' $i >&2; sleep 0.6;"
                    + " i=$((i+10)); done; echo >&2"));
    List<String> states = partials(execution);
    assertTrue(states.size() > 3, "the states that were seen: " + states);
    states.forEach(state -> assertTrue(state.matches(" *\\d{1,3}%\\|###"), state));
    List<String> lines = project.log(execution, Optional.of("stderr"));
    assertEquals(1, lines.size(), lines.toString());
    assertTrue(lines.get(0).endsWith("\r100%|###"), lines.get(0));
  }

  @Test
  void aQuestionWithoutALineEndIsSeenWhileItWaits() {
    String execution = project.run(Code.script("printf 'Go on? '; sleep 600"));
    JsonNode seen =
        Machine.await(
            "the question",
            LIMIT,
            () -> events(execution).filter(e -> e.path("partial").asBoolean()).findFirst());
    assertEquals("Go on? ", seen.get("message").asText());
    Events.Event told =
        Events.read(
                project.api(),
                "/api/v0/executions/" + execution + "/events/",
                Optional.empty(),
                event -> event.name().equals("partial"))
            .events()
            .stream()
            .reduce((one, two) -> two)
            .orElseThrow();
    assertTrue(told.data().contains("Go on? ") && told.id().isEmpty(), told.toString());
    project.stop(execution);
    project.api().awaitEnd(execution, LIMIT);
    assertEquals(List.of("Go on? "), project.log(execution, Optional.of("stdout")));
  }

  private Stream<JsonNode> events(String execution) {
    List<JsonNode> events = new ArrayList<>();
    project
        .api()
        .get("/api/v0/executions/" + execution + "/events/?limit=100")
        .expectSuccess()
        .get("events")
        .forEach(events::add);
    return events.stream();
  }

  /** What the last line's states were while the execution ran, as somebody sees them who polls. */
  private List<String> partials(String execution) {
    List<String> states = new ArrayList<>();
    Machine.await(
        "the end",
        LIMIT,
        () -> {
          events(execution)
              .filter(event -> event.path("partial").asBoolean())
              .map(event -> event.get("message").asText())
              .filter(state -> states.isEmpty() || !states.get(states.size() - 1).equals(state))
              .forEach(states::add);
          return project.detail(execution).get("status").asText().equals("complete")
              ? Optional.of(true)
              : Optional.empty();
        });
    return states;
  }

  @Test
  void theStreamsStandInTheOrderOfTheirWriting() {
    List<String> pair = List.of("out", "err");
    expectMostly(
        pair,
        complete(
            "i=0; while [ $i -lt 20 ]; do echo out; sleep 0.06; echo err >&2; sleep 0.06;"
                + " i=$((i+1)); done"));
  }

  @Test
  void whatAnotherProgramSaysStandsWhereItWasCalled() {
    expectMostly(
        List.of("before", "error", "after"),
        complete(
            "i=0; while [ $i -lt 20 ]; do echo before; sh -c 'sleep 0.05; echo error >&2; sleep 0.05';"
                + " echo after; sleep 0.05; i=$((i+1)); done"));
  }

  /** A machine that has other work may hold a reader for longer than the pauses, now and then. */
  private void expectMostly(List<String> group, String execution) {
    List<String> lines = new ArrayList<>(project.log(execution, Optional.empty()));
    lines.removeIf(line -> !group.contains(line));
    assertEquals(20 * group.size(), lines.size());
    long right =
        IntStream.range(0, 20)
            .filter(i -> lines.subList(i * group.size(), (i + 1) * group.size()).equals(group))
            .count();
    assertTrue(right >= 17, lines.toString());
  }

  @Test
  void streamsThatAreSharedByManyProcessesAreWhole() throws IOException {
    String execution =
        complete(
            // One write for each line: what a program writes in blocks may break in the middle of
            // one.
            "count() { i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo \"$n $i\"; done; };"
                + " for n in 1 2 3 4; do (count; count >&2) & done; wait");
    for (String stream : List.of("stdout", "stderr")) {
      List<String> lines = project.log(execution, Optional.of(stream));
      for (int n = 1; n <= 4; n++) {
        String before = n + " ";
        assertEquals(
            numbers(1, 2000, before), lines.stream().filter(l -> l.startsWith(before)).toList());
      }
    }
  }
}
