package dev.millrace.engine.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.engine.artifacts.StoreUnavailable;
import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.store.DatumFilter;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Slice;
import dev.millrace.persistence.H2Database;
import dev.millrace.spi.common.PluginException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
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
                            new Messages.UploadFile(yard.desk.ids.next().toString(), "big", 1_001)),
                        null)));
    assertTrue(String.valueOf(bytes.getMessage()).contains("1000 bytes"), bytes.getMessage());
  }

  @Test
  void oneFileThatTheStoreRefusesHoldsNoOther() {
    List<String> ids = placed("a.txt", "denied.txt", "never.txt", "lost.txt", "b.txt");
    yard.desk.blobs.held.keySet().removeIf(key -> key.endsWith("/lost.txt"));
    yard.desk.blobs.refusing.put("/denied.txt", store(PluginException.Kind.DENIED));
    yard.desk.blobs.refusing.put("/never.txt", store(PluginException.Kind.INVALID));
    Messages.OutputsKept kept = report(ids, true);
    assertEquals(List.of("a.txt", "b.txt"), recorded());
    assertEquals(List.of(ids.get(1)), uploads(kept.waiting()));
    assertEquals("store_denied", kept.waiting().get(0).code());
    assertEquals(
        List.of(ids.get(3), ids.get(2)).stream().sorted().toList(),
        uploads(kept.refused()).stream().sorted().toList());
    assertEquals(
        "Its outputs wait: Data store files refuses access: the bucket said AccessDenied",
        yard.row(id).statusDetail());
    yard.desk.blobs.refusing.clear();
    report(List.of(ids.get(1)), true);
    assertEquals(List.of("a.txt", "b.txt", "denied.txt"), recorded());
    assertEquals("", yard.row(id).statusDetail());
  }

  @Test
  void aWorkerThatKnowsTheStatusAloneLosesOnlyWhatItNames() {
    List<String> ids = placed("a.txt", "never.txt");
    yard.desk.blobs.refusing.put("/never.txt", store(PluginException.Kind.CONFLICT));
    Refused refused = assertThrows(Refused.class, () -> report(ids, false));
    assertEquals(422, refused.status());
    assertEquals(List.of(ids.get(1)), refused.more().get("uploads"));
    assertEquals(List.of("a.txt"), recorded());
  }

  @Test
  void whatIsSaidOfAFileIsNeverAReasonToLoseIt() {
    long late = 15_032_385_535_000_000L;
    ObjectNode odd = Wire.JSON.createObjectNode();
    odd.putArray("valohai.tags").add("y".repeat(600)).add(" good ").add("good").add("\ud800");
    odd.put("seed", 7);
    List<String> ids = placed("a.txt", "big.txt", "deep.txt", "late.txt");
    ObjectNode deep = Wire.JSON.createObjectNode();
    ObjectNode at = deep;
    for (int i = 0; i < 300; i++) {
      at = at.putObject("d");
    }
    Messages.OutputsKept kept =
        yard.outputs.outputs(
            worker,
            id,
            lease,
            new Messages.Outputs(
                List.of(
                    told(ids.get(0), "a.txt", 1, odd),
                    told(ids.get(1), "big.txt", 1, big()),
                    told(ids.get(2), "deep.txt", 1, deep),
                    told(ids.get(3), "late.txt", Long.MAX_VALUE, null)),
                true));
    assertEquals(4, kept.outputs().size(), kept.toString());
    assertEquals(
        List.of(ids.get(0), ids.get(1), ids.get(2), ids.get(3), ids.get(3)),
        kept.notes().stream().map(Messages.Note::uploadId).toList());
    Datum datum = find(ids.get(0));
    assertEquals(List.of("good"), datum.tags());
    assertEquals("{\"seed\":7}", datum.metadata());
    assertEquals("{}", find(ids.get(1)).metadata());
    assertEquals("9999-12-31T23:59:59.999999Z", find(ids.get(3)).fileModifiedAt().toString());
    List<String> far = placed("far.txt");
    yard.outputs.outputs(
        worker,
        id,
        lease,
        new Messages.Outputs(List.of(told(far.get(0), "far.txt", late, null)), true));
    assertEquals(late / 1_000_000, find(far.get(0)).fileModifiedAt().getEpochSecond());
  }

  @Test
  void askedForAPlaceOfWhatIsRecordedItSaysSo() {
    List<String> ids = placed("a.txt");
    report(ids, true);
    Messages.UploadsGiven given =
        yard.outputs.uploads(
            worker,
            id,
            lease,
            new Messages.Uploads(
                List.of(
                    new Messages.UploadFile(ids.get(0), "a.txt", 3),
                    new Messages.UploadFile(yard.desk.ids.next().toString(), "../b", 3)),
                true));
    assertEquals(List.of(), given.uploads());
    assertEquals(
        List.of("upload_recorded", "output_name"),
        given.refused().stream().map(Messages.Unkept::code).toList());
  }

  private static StoreUnavailable store(PluginException.Kind kind) {
    return StoreUnavailable.of("files", new PluginException(kind, "the bucket said AccessDenied"));
  }

  private static ObjectNode big() {
    return Wire.JSON.createObjectNode().put("text", "x".repeat(300_000));
  }

  private static Messages.OutputFile told(
      String uploadId, String path, long time, @Nullable JsonNode metadata) {
    return new Messages.OutputFile(
        uploadId, path, 3, null, null, "ab".repeat(32), time, time, metadata);
  }

  private static List<String> uploads(@Nullable List<Messages.Unkept> of) {
    return of == null ? List.of() : of.stream().map(Messages.Unkept::uploadId).toList();
  }

  /** Files that are in the store and not recorded yet. */
  private List<String> placed(String... paths) {
    List<String> ids = new ArrayList<>();
    for (String path : paths) {
      String one = yard.desk.ids.next().toString();
      ids.add(one);
      ask(one, path, 3);
      h2.database()
          .read(s -> s.data().pending(DatumId.parse(one)))
          .ifPresent(p -> yard.desk.blobs.held.put(p.key(), new byte[3]));
    }
    return ids;
  }

  private Messages.OutputsKept report(List<String> ids, boolean partial) {
    return yard.outputs.outputs(
        worker,
        id,
        lease,
        new Messages.Outputs(ids.stream().map(i -> told(i, "", 1, null)).toList(), partial));
  }

  private List<String> recorded() {
    return h2
        .database()
        .read(
            s ->
                s.data()
                    .list(
                        new Scope.Everything(),
                        new DatumFilter(
                            Optional.empty(),
                            Optional.of(id),
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty(),
                            false),
                        Slice.first(100)))
        .items()
        .stream()
        .map(Datum::name)
        .sorted()
        .toList();
  }

  private Datum find(String upload) {
    return h2.database()
        .read(s -> s.data().find(new Scope.Everything(), DatumId.parse(upload)))
        .orElseThrow();
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
        new Messages.Uploads(List.of(new Messages.UploadFile(uploadId, path, size)), null));
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
                    upload, "a.txt", 3, null, null, "ab".repeat(32), 1, 1, null)),
            null));
  }

  private Optional<Datum> datum() {
    return h2.database().read(s -> s.data().find(new Scope.Everything(), DatumId.parse(upload)));
  }
}
