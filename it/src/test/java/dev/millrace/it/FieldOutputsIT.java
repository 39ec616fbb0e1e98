package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/**
 * Outputs and metadata as strangers' programs make them, each with another of its kind: every run
 * ends, and what is whole is kept whole.
 */
@Tag("field")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class FieldOutputsIT {
  private static final Duration LIMIT = Duration.ofMinutes(5);

  private static final Map<String, String> SCRIPTS =
      Map.of(
          "vanish",
          """
          cd "$VH_OUTPUTS_DIR"; mkdir ckpt moved
          for i in 1 2 3 4 5 6 7 8; do
            dd if=/dev/zero of=ckpt/s$i bs=1M count=0 seek=60 2>/dev/null
            echo $i >moved/s$i
          done
          chmod 444 ckpt/* moved/*
          sleep 4; rm -rf ckpt; mv moved kept; echo last >last.txt
          """,
          "growing",
          """
          cd "$VH_OUTPUTS_DIR"
          (umask 0333; (echo first; sleep 8; echo last) >a.txt) &
          exec 3>b.txt; chmod 444 b.txt; echo first >&3; sleep 8; echo last >&3; exec 3>&-
          wait
          """,
          "copied",
          """
          cp "$VH_INPUTS_DIR/data/m.csv" "$VH_OUTPUTS_DIR/m.csv"
          cp -p "$VH_INPUTS_DIR/data/m.csv" "$VH_OUTPUTS_DIR/p.csv"
          sleep 8
          cat "$VH_OUTPUTS_DIR/m.csv" "$VH_OUTPUTS_DIR/p.csv"
          """,
          "lines",
          """
          perl -e 'print "{\\"w\\": [NaN", ", NaN" x 49999, "]}\n"'
          perl -e 'print "{\\"w\\": [1e9", ", 1e9" x 59999, "]}\n"'
          perl -e 'for (201, 997 .. 1001) { print "{\\"d\\":", "[" x $_, "]" x $_, "}\n" }'
          echo '{"ok": 1}'
          echo end
          """,
          "sidecars",
          """
          cd "$VH_OUTPUTS_DIR"
          perl -e 'for (0..63) { open F, ">f$_.txt"; print F "x"; close F;
            open F, ">f$_.txt.metadata.json"; print F "{\\"a\\": \\"", "y" x 70000, "\\"}"; close F }'
          perl -e 'for (0..19) { open F, ">d$_.txt"; print F "x"; close F;
            open F, ">d$_.txt.metadata.json"; print F "{\\"a\\":", "[" x 400, "]" x 400, "}"; close F }'
          """,
          "odd",
          """
          cd "$VH_OUTPUTS_DIR"
          perl -e 'for (qw(tag.txt far.txt old.txt number.txt)) { open F, ">$_"; print F "x"; close F }
            open F, ">tag.txt.metadata.json";
            print F "{\\"valohai.tags\\": [\\"", "y" x 600, "\\", \\"good\\"]}"; close F;
            open F, ">number.txt.metadata.json"; print F "{\\"valohai.tags\\": {\\"a\\": 1}}"; close F;
            utime 15032385535, 15032385535, "far.txt"; utime -3000000000, -3000000000, "old.txt"'
          """);

  Runs runs;
  Project project;
  private HttpServer server;
  private final Map<String, String> executions = new HashMap<>();

  /** Where executions run. */
  Runs open() {
    return Runs.asProcesses();
  }

  @BeforeAll
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/m.csv",
        exchange -> {
          byte[] bytes = "model\n".getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    server.start();
    runs = open();
    project = runs.project("field-outputs");
    String input = "http://127.0.0.1:" + server.getAddress().getPort() + "/m.csv";
    SCRIPTS.forEach(
        (name, script) ->
            executions.put(
                name,
                project.run(
                    Code.of(
                        Map.of(
                            "valohai.yaml",
                            "- step:\n    name: run\n    image: it-tools\n    command: sh script.sh\n"
                                + (name.equals("copied")
                                    ? "    inputs:\n      - name: data\n        default: "
                                        + input
                                        + "\n"
                                    : ""),
                            "script.sh",
                            script)))));
  }

  @AfterAll
  void stop() {
    if (runs != null) {
      runs.close();
    }
    if (server != null) {
      server.stop(0);
    }
  }

  private JsonNode complete(String name) {
    JsonNode detail = project.api().awaitEnd(executions.get(name), LIMIT);
    assertEquals(
        "complete",
        detail.get("status").asText(),
        () -> detail.toPrettyString() + project.log(executions.get(name), Optional.of("status")));
    return detail;
  }

  private String output(String name, String path) {
    return project.output(executions.get(name), path);
  }

  private int outputs(String name) {
    return project
        .api()
        .get("/api/v0/data/?limit=1&output_execution=" + executions.get(name))
        .expectSuccess()
        .get("count")
        .asInt();
  }

  @Test
  void outputsThatVanishHoldNeitherTheOthersNorTheRun() {
    complete("vanish");
    assertEquals("last\n", output("vanish", "last.txt"));
  }

  @Test
  void aReadOnlyFileThatIsStillWrittenIsKeptWhole() {
    complete("growing");
    assertEquals("first\nlast\n", output("growing", "a.txt"));
    assertEquals("first\nlast\n", output("growing", "b.txt"));
    assertEquals(2, outputs("growing"));
  }

  @Test
  void aPlainCopyOfAnInputIsAnOrdinaryFile() {
    complete("copied");
    assertEquals(
        List.of("model", "model"), project.log(executions.get("copied"), Optional.of("stdout")));
    assertEquals("model\n", output("copied", "m.csv"));
  }

  @Test
  void linesThatAreTooLongOrTooDeepStayInTheLogAndTheNextOneIsMetadata() {
    JsonNode detail = complete("lines");
    assertEquals(1, detail.at("/cumulative_metadata/ok").asInt());
    assertEquals(1, detail.get("cumulative_metadata").size(), detail.toPrettyString());
    assertTrue(project.log(executions.get("lines"), Optional.of("stdout")).contains("end"));
  }

  @Test
  void manyAndDeepSidecarsLoseNoOutput() {
    complete("sidecars");
    assertEquals(84, outputs("sidecars"));
  }

  @Test
  void oddTagsAndTimesLoseNoOutput() {
    complete("odd");
    assertEquals(4, outputs("odd"));
    List<String> status = project.log(executions.get("odd"), Optional.of("status"));
    assertTrue(status.stream().anyMatch(l -> l.contains("1 tag is left out")), status.toString());
  }
}
