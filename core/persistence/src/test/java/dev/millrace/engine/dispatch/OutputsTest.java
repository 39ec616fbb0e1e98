package dev.millrace.engine.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.store.Scope;
import dev.millrace.persistence.H2Database;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class OutputsTest {
  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private Yard yard;
  private Worker worker;
  private ExecutionId id;
  private String lease;
  private String upload;

  @BeforeEach
  void open() {
    yard = new Yard(h2.database(), folder);
    worker = yard.worker("one");
    Execution execution = yard.queued();
    id = execution.id();
    lease = yard.started(worker, execution);
    upload = yard.desk.ids.next().toString();
  }

  @Test
  void askingTwiceLeadsToOnePlaceAndReportingTwiceToOneDatum() {
    String url = ask().uploads().get(0).request().url();
    assertEquals(url, ask().uploads().get(0).request().url());
    assertEquals(409, ClaimsTest.status(this::report), "its bytes are not there yet");
    put();
    report();
    report();
    Datum datum = datum().orElseThrow();
    assertEquals("a.txt", datum.name());
    assertEquals(Optional.of(id), datum.outputOf());
    assertTrue(
        h2.database().read(s -> s.data().pending(datum.id())).isEmpty(),
        "nothing is left for the sweep");
  }

  @Test
  void anIdNamesOneFileOfOneExecution() {
    ask();
    assertEquals(422, ClaimsTest.status(() -> ask("b.txt", 3)));
    assertEquals(422, ClaimsTest.status(() -> ask("a.txt", 4)));
    for (String path : List.of("../a", "/a", "x/../../a", "", "a\n")) {
      assertEquals(
          422, ClaimsTest.status(() -> ask(yard.desk.ids.next().toString(), path, 1)), path);
    }
  }

  @Test
  void whileTheStoreIsAwayTheRunSaysWhatItsOutputsWaitFor() {
    yard.desk.blobs.away = Optional.of("Data store files is not there: its plugin was removed");
    assertEquals(503, ClaimsTest.status(this::ask));
    assertEquals(
        "Its outputs wait: Data store files is not there: its plugin was removed",
        yard.row(id).statusDetail());
    yard.desk.blobs.away = Optional.empty();
    ask();
    put();
    yard.desk.blobs.away = Optional.of("away again");
    assertEquals(503, ClaimsTest.status(this::report));
    assertEquals("Its outputs wait: away again", yard.row(id).statusDetail());
    yard.desk.blobs.away = Optional.empty();
    report();
    assertEquals("", yard.row(id).statusDetail());
    assertTrue(datum().isPresent());
  }

  @Test
  void outputsBeyondTheLimitAreRefusedWithItsNameAndPlacesStay() {
    ask();
    for (int i = 0; i < 4; i++) {
      ask(yard.desk.ids.next().toString(), "more" + i, 3);
    }
    Refused files =
        assertThrows(Refused.class, () -> ask(yard.desk.ids.next().toString(), "six", 1));
    assertEquals(413, files.status());
    assertEquals("output_limit", files.code());
    assertTrue(String.valueOf(files.getMessage()).contains("5 files"), files.getMessage());
    ask();
    Execution other = yard.queued();
    String token = yard.started(worker, other);
    Refused bytes =
        assertThrows(
            Refused.class,
            () ->
                yard.outputs.uploads(
                    worker,
                    other.id(),
                    token,
                    new Messages.Uploads(
                        List.of(
                            new Messages.UploadFile(
                                yard.desk.ids.next().toString(), "big", 1_001)))));
    assertTrue(String.valueOf(bytes.getMessage()).contains("1000 bytes"), bytes.getMessage());
  }

  private Messages.UploadsGiven ask() {
    return ask("a.txt", 3);
  }

  private Messages.UploadsGiven ask(String path, long size) {
    return ask(upload, path, size);
  }

  private Messages.UploadsGiven ask(String uploadId, String path, long size) {
    return yard.outputs.uploads(
        worker,
        id,
        lease,
        new Messages.Uploads(List.of(new Messages.UploadFile(uploadId, path, size))));
  }

  private void put() {
    String key =
        h2.database().read(s -> s.data().pending(DatumId.parse(upload))).orElseThrow().key();
    yard.desk.blobs.held.put(key, new byte[3]);
  }

  private void report() {
    yard.outputs.outputs(
        worker,
        id,
        lease,
        new Messages.Outputs(
            List.of(
                new Messages.OutputFile(
                    upload, "a.txt", 3, null, null, "ab".repeat(32), 1, 1, null))));
  }

  private Optional<Datum> datum() {
    return h2.database().read(s -> s.data().find(new Scope.Everything(), DatumId.parse(upload)));
  }
}
