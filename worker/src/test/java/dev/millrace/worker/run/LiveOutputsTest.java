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
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class LiveOutputsTest {
  @TempDir Path folder;
  private final HttpClient http = new HttpClient(new TcpConnector((address, port) -> {}, null));
  private final CountDownLatch asked = new CountDownLatch(1);
  private UploadServer server;
  private Path outputs;
  private LiveOutputs live;

  @BeforeEach
  void open() throws IOException {
    server = new UploadServer();
    outputs = Files.createDirectory(folder.resolve("outputs"));
    OutputTree tree = new OutputTree(outputs);
    Uploader.Target target =
        new Uploader.Target(
            new Master(http, server.address(), Json.mapper()), http, "x", new Secret("lease"));
    UploadJournal journal =
        new UploadJournal(folder.resolve("journal"), Json.mapper(), Clock.systemUTC());
    Standing.Times atOnce = new Standing.Times(Duration.ZERO, Duration.ZERO);
    Urgency run =
        new Urgency() {
          @Override
          public boolean mayWait() {
            return true;
          }

          @Override
          public boolean cut() {
            return false;
          }

          @Override
          public void check() {
            // It is ours.
          }
        };
    live =
        new LiveOutputs(
            tree,
            urgency ->
                new Uploader(
                    target, tree, journal, line -> {}, urgency, Uploader.Patience.STANDARD),
            journal,
            line -> {},
            () -> new OutputList(folder.resolve("list"), 1_000),
            new Standing(
                atOnce, () -> new OpenFiles.Seen(Set.of(), Set.of(), true), System::nanoTime),
            run);
  }

  @AfterEach
  void close() {
    http.close();
    server.close();
  }

  @Test
  void aReadOnlyFileIsTakenAndRemovedAndOthersStay() throws Exception {
    file("live", "r--r--r--");
    file("ordinary", "rw-r--r--");
    file("closed", "---------");
    live.look();
    live.end();
    assertEquals(Set.of("live"), server.recorded);
    assertFalse(Files.exists(outputs.resolve("live")));
    assertTrue(Files.exists(outputs.resolve("ordinary")));
    assertTrue(Files.exists(outputs.resolve("closed")));
  }

  @Test
  void whatWaitsForAStoreHoldsNoRunThatHasEnded() throws Exception {
    file("denied", "r--r--r--");
    server.store =
        path -> {
          asked.countDown();
          return new UploadServer.Answer(403, "");
        };
    live.look();
    assertTrue(asked.await(60, TimeUnit.SECONDS));
    live.end();
    assertTrue(Files.exists(outputs.resolve("denied")), "it is left for the end");
    assertTrue(server.recorded.isEmpty());
  }

  @Test
  void whatTookThePlaceOfAFileThatWasSentIsNotRemoved() throws Exception {
    file("replaced", "r--r--r--");
    file("reopened", "r--r--r--");
    server.store =
        path -> {
          try {
            Path file = outputs.resolve(path);
            if (path.equals("replaced")) {
              Path next = Files.writeString(folder.resolve("next"), "y");
              Files.setLastModifiedTime(next, Files.getLastModifiedTime(file));
              Files.setPosixFilePermissions(next, PosixFilePermissions.fromString("r--r--r--"));
              Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
            } else {
              Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
            }
            return null;
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        };
    live.look();
    live.end();
    assertEquals(Set.of("replaced", "reopened"), server.recorded);
    assertEquals("y", Files.readString(outputs.resolve("replaced")));
    assertTrue(Files.exists(outputs.resolve("reopened")));
  }

  private void file(String name, String mode) throws IOException {
    Path file = Files.writeString(outputs.resolve(name), "x");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
  }
}
