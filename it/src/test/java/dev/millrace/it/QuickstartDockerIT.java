package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** The first command of an unprivileged user who may use the Docker engine of the machine. */
@Tag("quickstart-docker")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class QuickstartDockerIT {
  private static final String IMAGE = "millrace-quickstart";

  private Newcomer newcomer;
  private long since;

  @BeforeAll
  void arrive() throws IOException {
    Machine.require(Machine.dockerAnswers(), "a Docker engine (apt-get install docker.io)");
    String socket = Machine.dockerHost();
    newcomer = Newcomer.arrive();
    newcomer.set("DOCKER_HOST", socket);
    newcomer.join(Path.of(socket.replace("unix://", "")));
    newcomer.takeBuild();
    since = Instant.now().getEpochSecond();
  }

  @AfterAll
  void leave() {
    if (newcomer != null) {
      newcomer.close();
    }
  }

  @Test
  @Order(1)
  void anInterruptLeavesNoContainerAndNoImage() {
    Assumptions.assumeTrue(Machine.full(), "only in ./check --full");
    Transcript seen = newcomer.interrupt("\"epoch\": 2", "INT");
    assertEquals(130, seen.code(), seen.text());
    newcomer.expectNoProcess();
    expectNothingInTheEngine();
  }

  @Test
  @Order(2)
  void theNextRunAfterAKilledOneTrainsInAContainer() throws IOException {
    newcomer.interrupt("\"epoch\": 2", "KILL");
    assertFalse(docker("images", "-q", IMAGE).isEmpty(), "kill -9 leaves nothing to clean up");
    Transcript run = newcomer.quickstart().print().expectSuccess();
    assertTrue(run.says("Docker answers"), run.text());
    Path heldOut = newcomer.checkout().resolve("examples/digits/data/heldout.csv");
    double accuracy = Digits.accuracy(newcomer.output("model.csv"), heldOut);
    assertTrue(accuracy >= Digits.commonest(heldOut) + 0.10, "accuracy " + accuracy);
    newcomer.expectNoProcess();
    expectNothingInTheEngine();
    // Two steps of a whole run, and one of each run that was cut off before.
    assertEquals(
        Machine.full() ? 4 : 3,
        ours("events", "--filter", "event=start", "--format", "{{json .Actor}}"));
  }

  private void expectNothingInTheEngine() {
    assertEquals("", docker("images", "-q", IMAGE));
    Machine.await(
        "the end of every container of the newcomer",
        Duration.ofSeconds(10),
        () -> {
          assertEquals(0, ours("ps", "-a", "--no-trunc", "--format", "{{.Labels}}"));
          return Optional.of(true);
        });
  }

  /** How many lines that Docker prints name a folder of the newcomer. */
  private long ours(String command, String... options) {
    List<String> all = new java.util.ArrayList<>(List.of("docker", command));
    if (command.equals("events")) {
      all.addAll(List.of("--since", Long.toString(since)));
      all.addAll(List.of("--until", Long.toString(Instant.now().getEpochSecond() + 1)));
    }
    all.addAll(List.of(options));
    return Machine.run(newcomer.folder(), all)
        .expectSuccess()
        .lines()
        .filter(l -> l.contains(newcomer.folder().toString()))
        .count();
  }

  private String docker(String... arguments) {
    List<String> all = new java.util.ArrayList<>(List.of("docker"));
    all.addAll(List.of(arguments));
    return Machine.run(newcomer.folder(), all).expectSuccess().trim();
  }
}
