package dev.millrace.persistence;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.store.Stretch;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A stretch has as many rows as do not have too many characters, but one at least. */
class StretchesTest {
  @RegisterExtension H2Database h2 = new H2Database();

  @Test
  void longRowsMakeShortStretches() {
    ProjectId project = new ProjectId(Samples.id());
    List<DatumId> keys = new ArrayList<>();
    for (int length : new int[] {10, 100_000, 100_000, 100_000, 600_000, 10}) {
      Datum datum = described(Samples.datum(project, Optional.empty(), "f"), length);
      h2.database().transact(s -> s.data().insert(datum));
      keys.add(datum.id());
    }
    List<Integer> sizes = new ArrayList<>();
    for (int from = 0; from < keys.size(); ) {
      List<DatumId> left = keys.subList(from, keys.size());
      Stretch<Datum> stretch = h2.database().list(s -> s.data().read(left));
      sizes.add(stretch.rows().size());
      from += stretch.keys();
    }
    assertEquals(List.of(3, 1, 1, 1), sizes);
  }

  private static Datum described(Datum d, int length) {
    return new Datum(
        d.id(),
        d.project(),
        d.outputOf(),
        d.name(),
        d.bytes(),
        d.md5(),
        d.sha1(),
        d.sha256(),
        d.store(),
        d.key(),
        d.uri(),
        d.tags(),
        "{\"a\":\"" + "x".repeat(length) + "\"}",
        d.createdAt(),
        d.fileCreatedAt(),
        d.fileModifiedAt(),
        d.purgedAt(),
        d.version());
  }
}
