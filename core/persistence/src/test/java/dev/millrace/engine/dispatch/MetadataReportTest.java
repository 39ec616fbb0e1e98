package dev.millrace.engine.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.store.Slice;
import dev.millrace.persistence.H2Database;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class MetadataReportTest {
  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;

  @Test
  void linesThatCannotBeKeptAreDroppedAndTheRunGoesOn() {
    Yard yard = new Yard(h2.database(), folder);
    Worker worker = yard.worker("one");
    Execution execution = yard.queued();
    String lease = yard.started(worker, execution);
    Messages.Metadata batch =
        new Messages.Metadata(
            0,
            List.of(
                new Messages.Line(0, 1, Wire.JSON.createObjectNode().put("a", 1)),
                new Messages.Line(10, 2, nested(201)),
                new Messages.Line(20, 3, Wire.JSON.createObjectNode().put("b", 2)),
                new Messages.Line(
                    30, 4, Wire.JSON.createObjectNode().put("c", "x".repeat(256 << 10)))));
    Messages.MetadataKept kept = yard.reports.metadata(worker, execution.id(), lease, batch);
    assertEquals(31, kept.next());
    assertEquals(2, kept.dropped());
    kept =
        yard.reports.metadata(
            worker,
            execution.id(),
            lease,
            new Messages.Metadata(31, List.of(new Messages.Line(40, 5, nested(200)))));
    assertEquals(41, kept.next());
    assertNull(kept.dropped());
    assertEquals(
        List.of(0L, 20L, 40L),
        h2.database().read(s -> s.metadata().list(execution.id(), Slice.first(10))).items().stream()
            .map(line -> line.offset())
            .toList());
  }

  /** An object with so many levels, itself one of them. */
  private static ObjectNode nested(int levels) {
    ObjectNode top = Wire.JSON.createObjectNode();
    ObjectNode at = top;
    for (int i = 1; i < levels; i++) {
      at = at.putObject("d");
    }
    return top;
  }
}
