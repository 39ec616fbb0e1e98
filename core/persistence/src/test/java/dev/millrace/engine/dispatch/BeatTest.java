package dev.millrace.engine.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.engine.domain.Worker;
import dev.millrace.persistence.H2Database;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class BeatTest {
  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private Yard yard;

  @BeforeEach
  void open() {
    yard = new Yard(h2.database(), folder);
  }

  private Worker beaten(Worker worker, List<String> runtimes) {
    yard.leases.beat(worker, new Messages.Beat(1, List.of(), 1, runtimes, null, null, null));
    return h2.database().read(s -> s.workers().find(worker.id())).orElseThrow();
  }

  @Test
  void anEngineThatCameIsUsedByTheNextRun() {
    Worker worker = yard.worker("one");
    assertEquals(List.of("process"), worker.runtimes());
    Worker with = beaten(worker, List.of("docker", "process"));
    assertEquals(List.of("docker", "process"), with.runtimes());
    yard.queued();
    JsonNode assignment = yard.accept(with, yard.claim(with).orElseThrow());
    assertEquals("docker", assignment.get("runtime").asText());
    assertEquals(300, assignment.at("/limits/imageSeconds").asInt());
  }

  @Test
  void anEngineThatWentTakesItsRuntimeWithIt() {
    Worker with = beaten(yard.worker("one"), List.of("docker"));
    Worker without = beaten(with, List.of());
    yard.queued();
    assertEquals(List.of(), without.runtimes());
    assertEquals(true, yard.claim(without).isEmpty(), "it can run nothing");
  }

  @Test
  void aBeatThatSaysNothingChangesNothing() {
    Worker worker = yard.worker("one");
    Worker after = beaten(worker, null);
    assertEquals(worker.runtimes(), after.runtimes());
    assertEquals(worker.version(), after.version());
  }
}
