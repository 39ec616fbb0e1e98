package dev.millrace.engine.service;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.MetadataLine;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.MetadataStore;
import dev.millrace.engine.store.Slice;
import dev.millrace.engine.store.Stretch;
import dev.millrace.persistence.H2Database;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Answers that are arrays have all rows, and go on to their end once they were begun. */
class WholeListsTest {
  private static final int OUTPUTS = 2 * Stretch.MOST_KEYS + 50;

  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private final List<String> asked = new ArrayList<>();
  private Desk desk;
  private ExecutionView ran;
  private Execution execution;

  @BeforeEach
  void open() {
    desk = new Desk(h2.database(), folder);
    ran = desk.run(desk.ada, desk.adas);
    execution = ran.execution();
  }

  @Test
  void theFirstOutputsOfOneExecutionWaitForNobodysLists() {
    for (int i = 0; i < OUTPUTS; i++) {
      desk.output(ran, "f" + i);
    }
    Listing<DatumView> outputs = new DatumLists(watched(), desk.clock).outputs(execution);
    TreeSet<String> names = new TreeSet<>();
    outputs.next().forEach(one -> names.add(one.datum().name()));
    assertEquals(List.of("read", "read"), asked);
    asked.clear();
    outputs.forEach(one -> names.add(one.datum().name()));
    assertEquals(List.of("listOn", "listOn", "listOn"), asked);
    assertEquals(OUTPUTS, names.size());
    assertEquals(OUTPUTS, outputs.total());
  }

  @Test
  void metadataComesWholeBeyondAnyPage() {
    int batch = 10_001;
    int lines = 0;
    while (lines <= Slice.MAX_LIMIT) {
      List<MetadataLine> some = new ArrayList<>();
      for (int i = 0; i < batch; i++) {
        some.add(new MetadataLine(lines++, desk.clock.now, "{}"));
      }
      h2.database()
          .transact(
              s ->
                  s.metadata()
                      .append(
                          execution.id(),
                          some,
                          new MetadataStore.Limit(Long.MAX_VALUE, Long.MAX_VALUE)));
    }
    String name = execution.id().toString();
    assertEquals(lines, count(desk.executions.metadata(desk.ada, name, 0, Integer.MAX_VALUE)));
    assertEquals(lines - 7, count(desk.executions.metadata(desk.ada, name, 7, Integer.MAX_VALUE)));
    assertEquals(12_000, count(desk.executions.metadata(desk.ada, name, 7, 12_000)));
  }

  private static int count(Listing<?> listing) {
    int count = 0;
    while (!listing.ended()) {
      count += listing.next().size();
    }
    return count;
  }

  /** Tells on which connections was read. */
  private Database watched() {
    Database real = h2.database();
    return new Database() {
      @Override
      public <T> T transact(Work<T> work) {
        return real.transact(work);
      }

      @Override
      public <T> T read(Work<T> work) {
        asked.add("read");
        return real.read(work);
      }

      @Override
      public <T> T list(Work<T> work) {
        asked.add("list");
        return real.list(work);
      }

      @Override
      public <T> T listOn(Work<T> work) {
        asked.add("listOn");
        return real.listOn(work);
      }

      @Override
      public boolean answers() {
        return real.answers();
      }
    };
  }
}
