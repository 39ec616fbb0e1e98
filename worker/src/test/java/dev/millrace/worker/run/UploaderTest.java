package dev.millrace.worker.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.worker.http.HttpClient;
import dev.millrace.worker.http.TcpConnector;
import dev.millrace.worker.wire.Json;
import dev.millrace.worker.wire.Master;
import dev.millrace.worker.wire.Secret;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One file never holds others, whatever is wrong with it, and every upload ends. */
@Timeout(240)
class UploaderTest {
  private static final UploadServer.Answer DENIED =
      new UploadServer.Answer(
          403, "<Error><Code>AccessDenied</Code><Message>key was rotated</Message></Error>");

  @TempDir Path folder;
  private final List<String> said = Collections.synchronizedList(new ArrayList<>());
  private final HttpClient http = new HttpClient(new TcpConnector((address, port) -> {}, null));
  private UploadServer server;
  private Path outputs;
  private volatile boolean mayWait = true;
  private volatile boolean cut;

  @BeforeEach
  void open() throws IOException {
    server = new UploadServer();
    outputs = Files.createDirectory(folder.resolve("outputs"));
  }

  @AfterEach
  void close() {
    http.close();
    server.close();
  }

  @Test
  void manyFilesAreRecordedInReportsThatAreCutByBytes() throws Exception {
    for (int i = 0; i < 300; i++) {
      write("f" + i + ".txt", "x" + i);
      if (i < 64) {
        write("f" + i + ".txt.metadata.json", "{\"a\": \"" + "y".repeat(70_000) + "\"}");
      }
    }
    CountDownLatch all = new CountDownLatch(300);
    server.store =
        path -> {
          all.countDown();
          return null;
        };
    server.report =
        paths -> {
          try {
            assertTrue(all.await(120, TimeUnit.SECONDS), "the store does not get them all");
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
          return null;
        };
    assertEquals(null, upload(), said.toString());
    assertEquals(300, server.recorded.size());
    int largest = server.reportBytes.stream().mapToInt(Integer::intValue).max().orElseThrow();
    assertTrue(largest < 2 << 20, "a report of " + largest + " bytes");
  }

  @Test
  void aThousandFilesAreUnderWayManyAtATime() throws Exception {
    AtomicInteger now = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    IntStream.range(0, 1_000).forEach(i -> write("f" + i, "x"));
    server.store =
        path -> {
          most.accumulateAndGet(now.incrementAndGet(), Math::max);
          LockSupport.parkNanos(50_000_000);
          now.decrementAndGet();
          return null;
        };
    assertEquals(null, upload(), said.toString());
    assertEquals(1_000, server.recorded.size());
    assertTrue(most.get() > 8, "at most " + most + " at a time");
    assertTrue(server.reportBytes.size() < 500, server.reportBytes.size() + " reports");
  }

  @Test
  void aFileThatVanishesIsNamedAndTheOthersAreRecorded() throws Exception {
    write("a", "a");
    write("b", "b");
    write("c", "c");
    assertTrue(String.valueOf(upload(() -> Files.delete(outputs.resolve("b")))).contains("'b'"));
    assertEquals(Set.of("a", "c"), server.recorded);
    assertTrue(said.toString().contains("it is not there any more"), said.toString());
  }

  @Test
  void aFileThatChangesIsNamedAndTheOthersAreRecorded() throws Exception {
    write("a", "a");
    write("b", "b");
    assertTrue(String.valueOf(upload(() -> write("b", "longer"))).contains("it changed"));
    assertEquals(Set.of("a"), server.recorded);
  }

  @Test
  void whatTheStoreRefusesForGoodIsSentOnceAndNamedWithItsWords() throws Exception {
    write("a", "a");
    write("large", "b");
    server.store =
        path ->
            path.equals("large")
                ? new UploadServer.Answer(400, "<Error><Code>EntityTooLarge</Code></Error>")
                : null;
    assertEquals(
        "Output 'large' was not uploaded: the store answered 400 EntityTooLarge.", upload());
    assertEquals(1, server.puts.get("large"));
    assertEquals(Set.of("a"), server.recorded);
  }

  @Test
  void accessThatIsDeniedIsWaitedForWithTheStoresWordsAndHoldsNobody() throws Exception {
    Set<String> all = new TreeSet<>();
    for (int i = 0; i < 40; i++) {
      write("f" + i, "x");
      write("denied" + i, "x");
      all.add("f" + i);
    }
    server.store =
        path -> path.startsWith("denied") && !server.recorded.containsAll(all) ? DENIED : null;
    assertEquals(null, upload(), said.toString());
    assertEquals(80, server.recorded.size());
    String words = "the store answered 403 AccessDenied (key was rotated).";
    assertTrue(said.contains("Outputs wait: " + words), said.toString());
    assertTrue(server.details.contains("Its outputs wait: " + words), server.details.toString());
  }

  @Test
  void aMasterThatBreaksOnOneFileRecordsTheOthersAndTheOneIsGivenUp() throws Exception {
    IntStream.range(0, 20).forEach(i -> write("f" + i, "x"));
    write("odd", "x");
    server.earlier = true;
    server.report =
        paths -> paths.contains("odd") ? new UploadServer.Answer(500, "{\"message\":\"m\"}") : null;
    assertTrue(String.valueOf(upload()).startsWith("Output 'odd' was not recorded"));
    assertEquals(20, server.recorded.size());
  }

  @Test
  void aReportThatIsRefusedForGoodIsToldFileByFile() throws Exception {
    IntStream.range(0, 20).forEach(i -> write("f" + i, "x"));
    write("odd", "x");
    server.earlier = true;
    server.report =
        paths -> paths.contains("odd") ? new UploadServer.Answer(422, "{\"message\":\"m\"}") : null;
    assertEquals("Output 'odd' was not recorded: m", upload());
    assertEquals(20, server.recorded.size());
  }

  @Test
  void whatTheMasterSaysOfOneFileIsThatFilesAlone() throws Exception {
    write("a", "x");
    write("never", "x");
    write("later", "x");
    write("lost", "x");
    server.item =
        path ->
            switch (path) {
              case "never" -> "store_refused";
              case "later" -> server.recorded.contains("a") ? null : "wait";
              case "lost" -> server.puts.get("lost") < 2 ? "upload_missing" : null;
              default -> null;
            };
    assertEquals("Output 'never' was not recorded: of this one", upload());
    assertEquals(Set.of("a", "later", "lost"), server.recorded);
  }

  @Test
  void aStopEndsWhatWaits() throws Exception {
    write("a", "x");
    write("denied", "x");
    server.store = path -> path.equals("denied") ? DENIED : null;
    server.report =
        paths -> {
          mayWait = false;
          return null;
        };
    assertTrue(String.valueOf(upload()).startsWith("Output 'denied' was not uploaded"));
    assertEquals(Set.of("a"), server.recorded);
  }

  @Test
  void aSecondStopEndsAlsoWhatGoesOn() throws Exception {
    write("a", "x");
    server.store =
        path -> {
          mayWait = false;
          cut = true;
          return new UploadServer.Answer(503, "");
        };
    assertTrue(String.valueOf(upload()).startsWith("Output 'a' was not uploaded"));
    assertTrue(server.recorded.isEmpty());
  }

  @Test
  void metadataThatCannotBeReadIsNoReasonToLoseTheFile() throws Exception {
    write("a", "x");
    Files.createDirectory(outputs.resolve("a.metadata.json"));
    assertEquals(null, upload(), said.toString());
    assertEquals(Set.of("a"), server.recorded);
  }

  @Test
  void whatIsRecordedIsNotSentAgain() throws Exception {
    write("a", "x");
    upload();
    assertEquals(null, upload());
    assertEquals(1, server.puts.get("a"));
    assertFalse(said.isEmpty());
  }

  private void write(String name, String text) {
    try {
      Files.writeString(outputs.resolve(name), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private interface Meanwhile {
    void happens() throws IOException;
  }

  private String upload() throws Exception {
    return upload(() -> {});
  }

  /** Uploads all that is there; {@code meanwhile} happens after the files were found. */
  private String upload(Meanwhile meanwhile) throws Exception {
    OutputTree tree = new OutputTree(outputs);
    Remarks remarks = new Remarks(said::add);
    Uploader.Target target =
        new Uploader.Target(
            new Master(http, server.address(), Json.mapper()), http, "x", new Secret("lease"));
    UploadJournal journal =
        new UploadJournal(folder.resolve("journal"), Json.mapper(), Clock.systemUTC());
    Urgency urgency =
        new Urgency() {
          @Override
          public boolean mayWait() {
            return mayWait;
          }

          @Override
          public boolean cut() {
            return cut;
          }

          @Override
          public void check() {
            // It is ours.
          }
        };
    Uploader.Patience patience =
        new Uploader.Patience(Duration.ofMinutes(3), Duration.ofMillis(1_500));
    try (OutputList list = new OutputList(folder.resolve("list"), 200_000);
        SidecarMetadata metadata = new SidecarMetadata(tree, remarks);
        Uploader uploader = new Uploader(target, tree, journal, said::add, urgency, patience)) {
      tree.list(output -> true, list, remarks);
      metadata.index(list);
      meanwhile.happens();
      uploader.upload(list, metadata, remarks);
    }
    return remarks.problems();
  }
}
