package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/**
 * Lists of every kind, as long as members may ask for: they do not stop the master, and nobody's
 * beat or submission waits for them.
 */
@Tag("lists")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class ListsIT {
  private static final int EXECUTIONS = Machine.full() ? 20_000 : 6_000;
  private static final int USUAL = Machine.full() ? 8_000 : 6_000;
  private static final int LONGEST = 300_000;
  private static final int DATA = Machine.full() ? 20_000 : 6_000;
  private static final int ORGANIZATIONS = 20;
  private static final int PROJECTS = 50;
  private static final int READERS = 30;
  private static final Duration LOAD = Duration.ofSeconds(Machine.full() ? 60 : 15);
  private static final int SLOW_READERS = 5;
  private static final long MOST_MIB = 700;
  private static final long MOST_BYTES = 48L << 20;

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private Distribution millrace;
  private Api member;
  private Project own;
  private final List<String> projects = new ArrayList<>();
  private String template = "";
  private Code code;
  private HandWorker worker;

  @BeforeAll
  void fill() throws Exception {
    millrace = Distribution.start(Map.of());
    member = millrace.user("member");
    Api admin = millrace.admin();
    for (int i = 0; i < ORGANIZATIONS; i++) {
      String id =
          admin
              .post("/api/v0/organizations/", Map.of("name", "lab-" + i))
              .expectSuccess()
              .get("id")
              .asText();
      admin
          .post(
              "/api/v0/organizations/" + id + "/members/",
              Map.of("username", "member", "is_admin", false))
          .expectSuccess();
    }
    for (int i = 0; i < PROJECTS; i++) {
      projects.add(
          member
              .postForm("/api/v0/projects/", "name=p" + i + "&owner=lab-" + i % ORGANIZATIONS)
              .expectSuccess()
              .get("id")
              .asText());
    }
    own = new Project(member, projects.get(0), Map.of());
    code = Code.script("echo one >\"$VH_OUTPUTS_DIR/one\"");
    template = own.run(code);
    Machine.await(
        "the end of the execution that is copied",
        Duration.ofSeconds(120),
        () ->
            own.detail(template).get("status").asText().equals("complete")
                ? Optional.of(true)
                : Optional.empty());
    String output = own.detail(template).at("/outputs/0/id").asText();
    Machine.await(
        "the sealed log, without which each copy would be sealed",
        Duration.ofSeconds(120),
        () -> isSealed() ? Optional.of(true) : Optional.empty());
    millrace.close();
    long from = System.nanoTime();
    try (ManyRows rows = new ManyRows(millrace.data())) {
      rows.executions(template, projects, EXECUTIONS, USUAL, LONGEST);
      rows.data(output, DATA, 1_000);
      rows.audit(100);
    }
    System.out.println("filled in " + Duration.ofNanos(System.nanoTime() - from));
    millrace.boot();
    admin
        .post(
            "/api/v0/environments/",
            Map.of("name", "hand", "slug", "hand", "slots", 1, "scale_min", 0, "scale_max", 1))
        .expectSuccess();
    worker =
        HandWorker.join(
            millrace.address(),
            admin
                .post("/api/v0/environments/hand/join_tokens/", Map.of())
                .expectSuccess()
                .get("token")
                .asText());
  }

  private boolean isSealed() throws IOException {
    try (Stream<Path> live = Files.walk(millrace.data().resolve("logs"))) {
      return live.noneMatch(path -> path.getFileName().toString().contains(template));
    }
  }

  @AfterAll
  void stop() {
    millrace.close();
    Machine.run(Path.of("/"), List.of("rm", "-rf", millrace.folder().toString())).expectSuccess();
  }

  @Test
  void anAnswerIsBoundedAndNextGoesOnWhereItEnded() throws IOException {
    for (String list :
        List.of(
            "/api/v0/executions/?limit=20000",
            "/api/v0/executions/?limit=4000&project=" + projects.get(0),
            "/api/v0/data/?limit=20000")) {
      Set<String> seen = new HashSet<>();
      int rows = 0;
      int answers = 0;
      long count = -1;
      Optional<String> next = Optional.of(list);
      while (next.isPresent()) {
        Answer answer = read(next.get());
        assertTrue(answer.bytes <= MOST_BYTES, list + " answered " + answer.bytes + " bytes");
        assertTrue(count == -1 || count == answer.count, "the count stays");
        count = answer.count;
        seen.addAll(answer.ids);
        rows += answer.ids.size();
        answers++;
        next = answer.next;
      }
      System.out.println(list + ": " + rows + " rows in " + answers + " answers");
      assertEquals(count, rows);
      assertEquals(rows, seen.size(), "each row comes once");
      assertTrue(rows >= (list.contains("project=") ? EXECUTIONS / 2 : EXECUTIONS));
      assertTrue(answers > 1 || list.contains("/data/"), "long specs need more than one answer");
    }
  }

  /** What one answer of a list has; read without being kept. */
  private record Answer(long count, Optional<String> next, List<String> ids, long bytes) {}

  private Answer read(String path) throws IOException {
    long[] bytes = {0};
    long count = -1;
    Optional<String> next = Optional.empty();
    List<String> ids = new ArrayList<>();
    try (InputStream body = member.open(path);
        JsonParser json =
            Api.JSON
                .getFactory()
                .createParser(
                    new java.io.FilterInputStream(body) {
                      @Override
                      public int read(byte[] some, int from, int most) throws IOException {
                        int count = super.read(some, from, most);
                        bytes[0] += Math.max(0, count);
                        return count;
                      }
                    })) {
      json.nextToken();
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String field = json.currentName();
        json.nextToken();
        switch (field) {
          case "count" -> count = json.getLongValue();
          case "next" -> next = Optional.ofNullable(json.getValueAsString(null));
          case "results" -> {
            while (json.nextToken() != JsonToken.END_ARRAY) {
              ids.add(id(json));
            }
          }
          default -> json.skipChildren();
        }
      }
    }
    return new Answer(
        count, next.map(url -> url.substring(member.address().length())), ids, bytes[0]);
  }

  private static String id(JsonParser json) throws IOException {
    String id = "";
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      boolean named = json.currentName().equals("id");
      json.nextToken();
      if (named) {
        id = json.getText();
      } else {
        json.skipChildren();
      }
    }
    return id;
  }

  @Test
  void listsOfEveryKindAtOnceStopNobody() throws Exception {
    List<String> routes =
        List.of(
            "/api/v0/executions/?limit=20000",
            "/api/v0/executions/?limit=20000&project=" + projects.get(0),
            "/api/v0/executions/?limit=20000&ordering=-counter",
            "/api/v0/executions/?limit=20000&ordering=ctime&offset=3000",
            "/api/v0/executions/?limit=500&status=complete&project=" + projects.get(1),
            "/api/v0/executions/?limit=500&step=run",
            "/api/v0/executions/?limit=500&step=none",
            "/api/v0/data/?limit=20000",
            "/api/v0/data/?limit=20000&project=" + projects.get(0),
            "/api/v0/executions/" + template + "/outputs/",
            "/api/v0/executions/" + template + "/",
            "/api/v0/projects/?limit=20000",
            "/api/v0/projects/" + projects.get(0) + "/",
            "/api/v0/commits/?limit=20000",
            "/api/v0/environments/?limit=20000");
    ExecutorService readers = Executors.newCachedThreadPool();
    Queue<String> failures = new ConcurrentLinkedQueue<>();
    AtomicInteger answered = new AtomicInteger();
    AtomicInteger later = new AtomicInteger();
    List<Long> beats = new ArrayList<>();
    List<Long> submits = new ArrayList<>();
    List<Long> ready = new ArrayList<>();
    String commit = member.uploadCode(own.id(), code.archive());
    String running = submit(commit, "hand");
    String lease = worker.take().get("lease").asText();
    Peaks.reset(millrace.pid());
    long end = System.nanoTime() + LOAD.toNanos();
    for (int i = 0; i < READERS; i++) {
      String route = routes.get(i % routes.size());
      readers.execute(
          () -> {
            while (System.nanoTime() < end) {
              int status = drain(route, failures);
              (status == 200 ? answered : later).incrementAndGet();
            }
          });
    }
    for (int i = 0; i < SLOW_READERS; i++) {
      readers.execute(() -> readSlowly(end));
    }
    while (System.nanoTime() < end) {
      beats.add(took(() -> worker.beat(running, lease, "running")));
      submits.add(took(() -> submit(commit, "hand")));
      ready.add(took(() -> member.get("/ready").expectSuccess()));
      Thread.sleep(100);
    }
    readers.shutdown();
    assertTrue(readers.awaitTermination(180, TimeUnit.SECONDS), "all were answered");
    long peak = Peaks.peak(millrace.pid()) >> 10;
    System.out.printf(
        "lists answered=%d come-again=%d; ms p50/p99/most beat=%s submit=%s ready=%s (n=%d); peak of"
            + " the master %d MiB%n",
        answered.get(),
        later.get(),
        spread(beats),
        spread(submits),
        spread(ready),
        beats.size(),
        peak);
    assertEquals(List.of(), failures.stream().limit(5).toList());
    assertTrue(answered.get() >= READERS, "lists are answered");
    // Where much else is at work there are few of them, and each takes longer.
    long most = beats.size() < 20 ? 10_000 : 3_000;
    for (List<Long> some : List.of(beats, submits, ready)) {
      assertTrue(percentile(some, 99) <= most, "beats, submissions and /ready wait for no list");
    }
    assertTrue(peak <= MOST_MIB, "the master took " + peak + " MiB");
    own.stop(running);
  }

  private String submit(String commit, String environment) {
    return member
        .post(
            "/api/v0/executions/",
            Map.of(
                "project", own.id(), "commit", commit, "step", "run", "environment", environment))
        .expectSuccess()
        .get("id")
        .asText();
  }

  /** Reads an answer to its end; one that says when to come again is as good. */
  private int drain(String route, Queue<String> failures) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(millrace.address() + route))
            .timeout(Duration.ofMinutes(2))
            .header("Authorization", "Token " + member.token())
            .build();
    try {
      HttpResponse<InputStream> answer =
          http.send(request, HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream body = answer.body()) {
        body.transferTo(OutputStream.nullOutputStream());
      }
      boolean again =
          answer.statusCode() == 503 && answer.headers().firstValue("Retry-After").isPresent();
      if (answer.statusCode() != 200 && !again) {
        failures.add(route + " answered " + answer.statusCode());
      }
      return answer.statusCode();
    } catch (IOException e) {
      failures.add(route + ": " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return 0;
  }

  /** A client that asks for much and takes a little of it at a time. */
  private void readSlowly(long end) {
    URI address = URI.create(millrace.address());
    try (Socket socket = new Socket(address.getHost(), address.getPort())) {
      socket.setReceiveBufferSize(4_096);
      socket.setSoTimeout(60_000);
      socket
          .getOutputStream()
          .write(
              ("GET /api/v0/executions/?limit=20000 HTTP/1.1\r\nHost: "
                      + address.getAuthority()
                      + "\r\nAuthorization: Token "
                      + member.token()
                      + "\r\nConnection: close\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      byte[] some = new byte[1_024];
      while (System.nanoTime() < end && socket.getInputStream().read(some) >= 0) {
        Thread.sleep(50);
      }
    } catch (IOException e) {
      // Nobody promised it an answer.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A call that must succeed. */
  @FunctionalInterface
  private interface Work {
    Object run() throws Exception;
  }

  private static long took(Work work) {
    long from = System.nanoTime();
    try {
      work.run();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - from);
  }

  private static String spread(List<Long> millis) {
    return percentile(millis, 50) + "/" + percentile(millis, 99) + "/" + percentile(millis, 100);
  }

  private static long percentile(List<Long> millis, int percent) {
    List<Long> sorted = millis.stream().sorted().toList();
    return sorted.get(Math.min(sorted.size() - 1, sorted.size() * percent / 100));
  }
}
