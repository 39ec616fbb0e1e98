package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;

/**
 * Much through one installation with the limits that it ships: each byte arrives, compared by hash,
 * and neither master nor worker needs more memory for more of it.
 */
@Tag("volume")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(value = 40, unit = TimeUnit.MINUTES)
class VolumeIT {
  private static final Duration LIMIT = Duration.ofMinutes(Machine.full() ? 30 : 10);
  private static final int LINES = 1_000_000;
  private static final int FEWER_LINES = 50_000;
  private static final int MIB = Machine.full() ? 6 * 1024 : 256;
  private static final int FEWER_MIB = 64;
  private static final int LOG_MB = Machine.full() ? 200 : 20;

  /** Writes bytes that are the same each time: lines, one long line, or no text at all. */
  private static final String WRITE =
      """
      my ($kind, $n) = @ARGV;
      srand(7);
      if ($kind eq 'lines') {
        printf "line %07d of a log that is as long as a line of a log may well be\\n", $_ for 1 .. $n;
      } elsif ($kind eq 'line') {
        print join '', map { sprintf "%015d ", $_ } 62_500 * ($_ - 1) + 1 .. 62_500 * $_ for 1 .. $n;
      } else {
        my $block = pack 'N*', map { int rand 2 ** 32 } 1 .. 262_144;
        $block |= "\\x80" x length $block if $kind eq 'high';
        for my $i (1 .. $n) { substr($block, $_ * 1_021, 4) = pack 'N', $i | 0x80808080 for 1 .. 1_000; print $block; }
      }
      """;

  private static final String YAML =
      """
      - step:
          name: log
          image: it-tools
          command: perl write.pl {parameter-value:kind} {parameter-value:size} | sha256sum >"$VH_OUTPUTS_DIR/sum"; perl write.pl {parameter-value:kind} {parameter-value:size}
          parameters: &parameters
            - {name: kind, type: string}
            - {name: size, type: integer}
      - step:
          name: make
          image: it-tools
          command: perl write.pl {parameter-value:kind} {parameter-value:size} >"$VH_OUTPUTS_DIR/big"; cat "$VH_OUTPUTS_DIR/big" | sha256sum >"$VH_OUTPUTS_DIR/sum"
          parameters: *parameters
      - step:
          name: away
          image: it-tools
          command: sleep 5; perl write.pl lines {parameter-value:size} | sha256sum >"$VH_OUTPUTS_DIR/sum"; perl write.pl lines {parameter-value:size}
          parameters:
            - {name: size, type: integer}
      - step:
          name: use
          image: it-tools
          command: cat "$VH_INPUTS_DIR"/big/* | sha256sum >"$VH_OUTPUTS_DIR/sum"
          inputs:
            - name: big
      """;

  private Distribution millrace;
  private Project project;
  private Api ada;
  private String commit;

  @BeforeAll
  void start() {
    millrace = Distribution.start(Map.of());
    ada = millrace.user("ada");
    project = Project.of(ada, "volume");
    Code code = Code.of(Map.of("valohai.yaml", YAML, "write.pl", WRITE));
    commit = ada.uploadCode(project.id(), code.archive());
  }

  @AfterAll
  void stop() throws IOException {
    millrace.close();
    Machine.run(Path.of("/"), List.of("rm", "-rf", millrace.folder().toString())).expectSuccess();
  }

  @Test
  @Order(1)
  void moreLinesAreWholeAndInOrderAndNeedNoMoreMemory() {
    lines(FEWER_LINES);
    lines(4 * FEWER_LINES);
    Peaks fewer = Peaks.of(millrace, () -> lines(FEWER_LINES));
    Peaks more = Peaks.of(millrace, () -> lines(LINES));
    more.expectNear(fewer, LINES + " lines");
  }

  @Test
  @Order(2)
  void oneLongLineIsWhole() {
    String execution = log("line", LOG_MB);
    String sum = sum(execution);
    assertEquals(sum, polled(execution, ""));
    assertEquals(sum, sealed(execution));
    assertEquals(sum, polled(execution, ""));
  }

  @Test
  @Order(3)
  void bytesThatAreNoTextAreWhole() {
    for (String kind : List.of("binary", "high")) {
      String execution = log(kind, LOG_MB);
      assertEquals(sum(execution), sealed(execution), kind);
    }
  }

  @Test
  @Order(4)
  void aLargerFileIsWholeAsOutputAndInputAndNeedsNoMoreMemory() {
    transfer(FEWER_MIB);
    transfer(FEWER_MIB);
    Peaks fewer = Peaks.of(millrace, () -> transfer(FEWER_MIB));
    Peaks more = Peaks.of(millrace, () -> transfer(MIB));
    more.expectNear(fewer, MIB + " MiB");
  }

  @Test
  @Order(5)
  void codeOfManyFilesIsRun() {
    archive(10_000, 100);
    if (Machine.full()) {
      archive(8, 8 << 20);
      Peaks fewer = Peaks.of(millrace, () -> archive(8, 8 << 20));
      Peaks more = Peaks.of(millrace, () -> archive(250, 8 << 20));
      more.expectNear(fewer, "2000 MiB of code");
    }
  }

  @Test
  @Order(6)
  @EnabledIf("full")
  void whatIsWrittenWhileTheMasterIsAwayWaitsOnDisk() {
    lines(FEWER_LINES);
    Peaks fewer = Peaks.of(millrace, () -> lines(FEWER_LINES));
    String execution = submit("away", Map.of("size", 3 * LINES), Map.of());
    Machine.await(
        "the run",
        LIMIT,
        () ->
            Machine.processesNaming("exec-" + execution).isEmpty()
                ? Optional.empty()
                : Optional.of(true));
    Peaks spooled =
        Peaks.ofWorker(
            millrace,
            () -> {
              millrace.killMaster();
              Machine.await(
                  "the end of the run",
                  LIMIT,
                  () ->
                      Machine.processesNaming("exec-" + execution).isEmpty()
                          ? Optional.of(true)
                          : Optional.empty());
              millrace.boot();
              assertEquals(sum(execution), sealed(execution));
            });
    spooled.expectNear(fewer, 3 * LINES + " lines while the master was away");
  }

  static boolean full() {
    return Machine.full();
  }

  /** Code of so many files of so many bytes that no packer makes smaller. */
  private void archive(int files, int bytes) {
    String make =
        """
        my ($files, $bytes) = @ARGV;
        my $block = pack 'N*', map { int rand 2 ** 32 } 1 .. $bytes / 4;
        for my $i (1 .. $files) {
          mkdir 'files-' . $i % 100;
          open(my $to, '>', 'files-' . $i % 100 . "/$i") or die $!;
          substr($block, $_, 4) = pack 'N', $i * 65_537 + $_ * 40_503 & 0xffffffff for map { $_ * 31 } 0 .. $bytes / 32 - 1;
          print $to $block;
        }
        """;
    Code code =
        Code.of(
            Map.of(
                "valohai.yaml",
                "- step:\n    name: run\n    image: it-tools\n    command: find files-* -type f | sort"
                    + " | xargs cat | sha256sum >\"$VH_OUTPUTS_DIR/sum\"\n",
                "make.pl",
                make));
    Path packed = code.folder().resolveSibling(code.folder().getFileName() + ".tgz");
    String all = "find files-* -type f | sort | xargs cat | sha256sum";
    String pack = "tar -cf - * | gzip -1 > " + packed;
    String sum =
        Machine.run(
                code.folder(),
                Map.of(),
                Duration.ofMinutes(15),
                List.of(
                    "sh",
                    "-c",
                    "perl make.pl " + files + " " + bytes + " && " + pack + " && " + all))
            .expectSuccess()
            .substring(0, 64);
    String from = ada.uploadCode(project.id(), packed);
    Machine.run(Path.of("/"), List.of("rm", "-r", packed.toString(), code.folder().toString()))
        .expectSuccess();
    Map<String, Object> body = Map.of("project", project.id(), "commit", from, "step", "run");
    String execution = ada.post("/api/v0/executions/", body).expectSuccess().get("id").asText();
    assertEquals(sum, sum(execution), files + " files");
  }

  /** Lines of one run: followed while it runs, polled afterwards, and sealed. */
  private void lines(int count) {
    String execution = submit("log", Map.of("kind", "lines", "size", count), Map.of());
    MessageDigest followed = sha256();
    Events.follow(
        ada,
        "/api/v0/executions/" + execution + "/events/",
        event -> {
          if (event.name().equals("log")) {
            JsonNode line = json(event.data());
            if (line.get("stream").asText().equals("stdout")) {
              followed.update(
                  (line.get("message").asText() + "\n").getBytes(StandardCharsets.UTF_8));
            }
          }
        });
    String sum = sum(execution);
    assertEquals(sum, hex(followed), "followed");
    assertEquals(sum, sealed(execution), "sealed");
    assertEquals(sum, polled(execution, "\n"), "polled");
  }

  /** A file made by one run, fetched by a client, and read by another run. */
  private void transfer(int mib) {
    String make = submit("make", Map.of("kind", "binary", "size", mib), Map.of());
    String sum = sum(make);
    JsonNode big = output(make, "big");
    assertEquals((long) mib << 20, big.get("size").asLong());
    assertEquals(sum, big.get("sha256").asText(), "hashed by the worker");
    String url =
        ada.get("/api/v0/data/" + big.get("id").asText() + "/download/")
            .expectSuccess()
            .get("url")
            .asText();
    MessageDigest fetched = sha256();
    try (InputStream body = new DigestInputStream(ada.openUrl(url), fetched)) {
      body.transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    assertEquals(sum, hex(fetched), "fetched by a client");
    String use =
        submit(
            "use",
            Map.of(),
            Map.of("inputs", Map.of("big", List.of("datum://" + big.get("id").asText()))));
    assertEquals(sum, sum(use), "read by a run");
  }

  private String log(String kind, int size) {
    return submit("log", Map.of("kind", kind, "size", size), Map.of());
  }

  private String submit(String step, Map<String, Object> parameters, Map<String, Object> more) {
    Map<String, Object> body = new java.util.HashMap<>(more);
    body.putAll(
        Map.of("project", project.id(), "commit", commit, "step", step, "parameters", parameters));
    return ada.post("/api/v0/executions/", body).expectSuccess().get("id").asText();
  }

  /** What the run itself says of its bytes, once it is complete. */
  private String sum(String execution) {
    JsonNode detail = ada.awaitEnd(execution, LIMIT);
    assertEquals("complete", detail.get("status").asText(), detail.toPrettyString());
    return project.output(execution, "sum").substring(0, 64);
  }

  private JsonNode output(String execution, String name) {
    JsonNode all =
        ada.get("/api/v0/data/?output_execution=" + execution).expectSuccess().get("results");
    for (JsonNode datum : all) {
      if (datum.get("name").asText().equals(name)) {
        return ada.get("/api/v0/data/" + datum.get("id").asText() + "/").expectSuccess();
      }
    }
    throw new AssertionError(all.toString());
  }

  /** The stdout that the API shows, with that after each line. */
  private String polled(String execution, String end) {
    MessageDigest digest = sha256();
    try (JsonParser json =
        Api.JSON
            .getFactory()
            .createParser(ada.open("/api/v0/executions/" + execution + "/events/?limit=0"))) {
      for (JsonToken next = json.nextToken(); next != JsonToken.START_ARRAY; ) {
        assertNotNull(next, "no list of events");
        next = json.nextToken();
      }
      while (json.nextToken() == JsonToken.START_OBJECT) {
        JsonNode line = json.readValueAsTree();
        if (line.get("stream").asText().equals("stdout")) {
          digest.update((line.get("message").asText() + end).getBytes(StandardCharsets.UTF_8));
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return hex(digest);
  }

  /** The raw bytes of stdout in the sealed log, which is read as anybody would. */
  private String sealed(String execution) {
    Path folder = millrace.data().resolve("store/blobs/logs/" + project.id() + "/" + execution);
    Machine.await(
        "the seal of the log",
        LIMIT,
        () ->
            Files.exists(folder.resolve("index.json"))
                    && !Files.exists(millrace.data().resolve("logs/" + execution))
                ? Optional.of(true)
                : Optional.empty());
    MessageDigest digest = sha256();
    long at = 0;
    try (BufferedReader records =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(folder.resolve("log.jsonl.gz")), 1 << 16),
                StandardCharsets.UTF_8))) {
      for (String line = records.readLine(); line != null; line = records.readLine()) {
        JsonNode record = json(line);
        if (!record.get("s").asText().equals("stdout")) {
          continue;
        }
        at += gap(digest, at, record.get("o").asLong());
        byte[] bytes =
            record.has("b")
                ? Base64.getDecoder().decode(record.get("b").asText())
                : record.get("m").asText().getBytes(StandardCharsets.UTF_8);
        digest.update(bytes);
        at += bytes.length;
      }
      JsonNode index = Api.JSON.readTree(folder.resolve("index.json").toFile());
      gap(digest, at, index.get("lengths").get("stdout").asLong());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return hex(digest);
  }

  /** Between two records there is a line end, or nothing. */
  private static long gap(MessageDigest digest, long at, long next) {
    if (next == at + 1) {
      digest.update((byte) '\n');
    } else {
      assertEquals(at, next, "bytes are missing");
    }
    return next - at;
  }

  private static JsonNode json(String text) {
    try {
      return Api.JSON.readTree(text);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }
}
