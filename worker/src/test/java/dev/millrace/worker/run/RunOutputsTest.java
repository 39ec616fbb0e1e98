package dev.millrace.worker.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.worker.http.HttpClient;
import dev.millrace.worker.http.TcpConnector;
import dev.millrace.worker.runtime.RunFolder;
import dev.millrace.worker.transfer.InputCache;
import dev.millrace.worker.wire.Assignment;
import dev.millrace.worker.wire.Json;
import dev.millrace.worker.wire.Master;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The outputs of a run that has ended, on a worker whose disk is full. */
@Timeout(180)
class RunOutputsTest {
  @TempDir Path dir;
  private final List<String> said = Collections.synchronizedList(new ArrayList<>());
  private final HttpClient http = new HttpClient(new TcpConnector((address, port) -> {}, null));
  private final RunOrders orders = new RunOrders();
  private UploadServer server;
  private RunFolder folder;
  private RunOutputs outputs;

  @BeforeEach
  void open() throws IOException {
    server = new UploadServer();
    folder = new RunFolder(dir.resolve("run"));
    folder.create();
    Files.writeString(folder.outputs().resolve("a"), "x");
    // Nothing can be written to it as long as that folder is not there.
    Files.createSymbolicLink(folder.root().resolve("uploads.jsonl"), dir.resolve("room/uploads"));
    ObjectNode json =
        (ObjectNode) Json.mapper().readTree(Path.of("../docs/wire/assignment.json").toFile());
    json.put("executionId", "x");
    json.putObject("limits").put("stopGraceSeconds", 0);
    Assignment assignment = Json.mapper().treeToValue(json, Assignment.class);
    InputCache cache = new InputCache(dir.resolve("cache"), 0, 0, Clock.systemUTC());
    RunContext context =
        new RunContext(
            new Master(http, server.address(), Json.mapper()),
            Json.mapper(),
            Clock.systemUTC(),
            Map.of(),
            http,
            ranges -> http,
            cache,
            new Disk(dir, 0, cache),
            new Trash(dir.resolve("trash")),
            new Readings());
    outputs = new RunOutputs(context, assignment, folder, said::add, orders);
  }

  @AfterEach
  void close() {
    http.close();
    server.close();
  }

  @Test
  void aFullDiskIsWaitedFor() throws Exception {
    AtomicInteger looks = new AtomicInteger();
    String problem =
        outputs.upload(
            () -> {
              // More often than what is a fault of ours is tried.
              if (looks.incrementAndGet() == 7) {
                try {
                  Files.createDirectory(dir.resolve("room"));
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              }
            });
    assertNull(problem, said.toString());
    assertEquals(Set.of("a"), server.recorded);
    assertEquals(1, said.stream().filter(line -> line.startsWith("Outputs wait for ")).count());
  }

  @Test
  void aStopEndsTheWaitForAFullDisk() throws Exception {
    orders.ended(false);
    String problem = outputs.upload(orders::stop);
    assertTrue(String.valueOf(problem).startsWith("The outputs could not be uploaded"), problem);
  }
}
