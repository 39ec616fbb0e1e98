package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Event streams of logs and of the journal: whoever is cut goes on where they were. */
@Tag("events")
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EventsIT {
  private static final Duration LIMIT = Duration.ofSeconds(120);
  private static final Code TALKS = Code.script("while :; do echo tick; sleep 0.3; done");

  private Distribution millrace;
  private Api admin;
  private Api ada;
  private Api bob;
  private Project project;

  @BeforeAll
  void start() {
    millrace = Distribution.start(Map.of());
    admin = millrace.admin();
    ada = millrace.user("ada");
    bob = millrace.user("bob");
    project = Project.of(ada, "talking");
  }

  @AfterAll
  void stop() {
    millrace.close();
  }

  /** A run that says numbered lines on both streams. */
  private String numbered(int lines) {
    return project.run(
        Code.script(
            "i=0; while [ $i -lt "
                + lines
                + " ]; do echo \"out $i\"; [ $((i % 3)) = 0 ] && echo \"err $i\" >&2;"
                + " i=$((i+1)); sleep 0.01; done"));
  }

  private static String path(String execution) {
    return "/api/v0/executions/" + execution + "/events/";
  }

  private static List<String> lines(List<Events.Event> events, String stream) {
    List<String> lines = new ArrayList<>();
    for (Events.Event event : events) {
      JsonNode data = json(event);
      if (event.name().equals("log") && data.get("stream").asText().equals(stream)) {
        lines.add(data.get("time").asText() + " " + data.get("message").asText());
      }
    }
    return lines;
  }

  private static JsonNode json(Events.Event event) {
    try {
      return Api.JSON.readTree(event.data());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** That the events are what polling shows, each line once and in its stream's order. */
  private void assertPolled(String execution, List<Events.Event> events) {
    JsonNode polled = ada.get(path(execution) + "?limit=0").expectSuccess().get("events");
    for (String stream : List.of("stdout", "stderr", "status")) {
      List<String> expected = new ArrayList<>();
      for (JsonNode line : polled) {
        if (line.get("stream").asText().equals(stream)) {
          expected.add(line.get("time").asText() + " " + line.get("message").asText());
        }
      }
      List<String> seen = lines(events, stream);
      if (stream.equals("status")) {
        // Those of worker and master are in order each, but may come one after the other.
        expected.sort(null);
        seen.sort(null);
      }
      assertEquals(expected, seen, stream);
    }
  }

  /** Reads to the end with a new connection each time it was cut; {@code between} is told so. */
  private List<Events.Event> readCut(
      String execution, Random random, int most, Consumer<Integer> between) {
    List<Events.Event> all = new ArrayList<>();
    Optional<String> last = Optional.empty();
    for (int connection = 1; ; connection++) {
      int[] left = {1 + random.nextInt(most)};
      Events part = Events.read(ada, path(execution), last, event -> --left[0] == 0);
      all.addAll(part.events());
      last = part.last().or(() -> lastOf(all));
      if (part.status() == 204 || part.events().stream().anyMatch(e -> e.name().equals("end"))) {
        return all;
      }
      between.accept(connection);
    }
  }

  private static Optional<String> lastOf(List<Events.Event> events) {
    return new Events(200, events, false).last();
  }

  @Test
  void aLogThatIsCutAnywhereComesWholeAndEachLineOnce() {
    String execution = numbered(300);
    List<Events.Event> all = readCut(execution, new Random(7), 60, connection -> {});
    assertEquals(300, lines(all, "stdout").size());
    assertEquals(100, lines(all, "stderr").size());
    assertPolled(execution, all);
    assertTrue(
        all.stream()
            .anyMatch(
                e ->
                    e.name().equals("status")
                        && json(e).at("/status").asText().equals("complete")));
    assertEquals(204, Events.read(ada, path(execution), lastOf(all), e -> false).status());
    Events again = Events.read(ada, path(execution), Optional.empty(), e -> false);
    assertEquals("end", again.events().get(again.events().size() - 1).name());
    assertPolled(execution, again.events());
  }

  @Test
  void aMasterThatStopsCutsItsStreamsAndTheNextOneGoesOn() {
    String execution = numbered(1_000_000);
    project.awaitLine(execution, "out 5");
    CompletableFuture<Events> open =
        CompletableFuture.supplyAsync(
            () -> Events.read(ada, path(execution), Optional.empty(), e -> false));
    project.awaitLine(execution, "out 60");
    millrace.millrace("stop").expectSuccess();
    Events before = open.orTimeout(60, TimeUnit.SECONDS).join();
    assertEquals(200, before.status());
    assertTrue(lines(before.events(), "stdout").size() > 5);
    assertFalse(before.events().stream().anyMatch(e -> e.name().equals("end")));
    millrace.boot();
    List<Events.Event> all = new ArrayList<>(before.events());
    int[] left = {100};
    Events after = Events.read(ada, path(execution), before.last(), e -> --left[0] == 0);
    all.addAll(after.events());
    project.stop(execution);
    Events rest = Events.read(ada, path(execution), lastOf(all), e -> false);
    all.addAll(rest.events());
    assertEquals("end", all.get(all.size() - 1).name());
    assertPolled(execution, all);
  }

  /** Reads until the server ends the stream, after {@code end} was done to it in the middle. */
  private Events.Event endedBy(Api api, String execution, Runnable end) throws Exception {
    CountDownLatch begun = new CountDownLatch(3);
    CompletableFuture<Events> reading =
        CompletableFuture.supplyAsync(
            () ->
                Events.read(
                    api,
                    path(execution),
                    Optional.empty(),
                    event -> {
                      begun.countDown();
                      return false;
                    }));
    assertTrue(begun.await(60, TimeUnit.SECONDS));
    end.run();
    Events seen = reading.get(30, TimeUnit.SECONDS);
    return seen.events().get(seen.events().size() - 1);
  }

  @Test
  void aRevokedTokenAndALostProjectEndTheStream() throws Exception {
    String execution = project.run(TALKS);
    project.awaitLine(execution, "tick");
    JsonNode token = ada.post("/api/v0/tokens/", Map.of("name", "short")).expectSuccess();
    Events.Event last =
        endedBy(
            ada.as(token.get("token").asText()),
            execution,
            () -> ada.delete("/api/v0/tokens/" + token.get("id").asText() + "/"));
    assertEquals("refused", last.name());
    assertEquals("authentication_failed", json(last).get("code").asText());

    Api guest = millrace.user("guest");
    int user = guest.get("/api/v0/users/me/").expectSuccess().get("id").asInt();
    String lab =
        admin
            .post("/api/v0/organizations/", Map.of("name", "lab"))
            .expectSuccess()
            .get("id")
            .asText();
    for (String name : List.of("ada", "guest")) {
      admin
          .post(
              "/api/v0/organizations/" + lab + "/members/",
              Map.of("username", name, "is_admin", name.equals("ada")))
          .expectSuccess();
    }
    String team =
        "/api/v0/teams/"
            + ada.post(
                    "/api/v0/teams/",
                    Map.of(
                        "name",
                        "ears",
                        "organization",
                        Integer.parseInt(lab),
                        "members",
                        List.of(Map.of("user", user, "is_read_only", true)),
                        "projects",
                        List.of(project.id())))
                .expectSuccess()
                .get("id")
                .asInt()
            + "/";
    Events.Event gone = endedBy(guest, execution, () -> ada.delete(team + "members/" + user + "/"));
    assertEquals("refused", gone.name());
    assertEquals("not_found", json(gone).get("code").asText());
    project.stop(execution);
  }

  @Test
  void aUserHasSoManyStreamsAndOthersHaveTheirs() throws Exception {
    Api greedy = millrace.user("greedy");
    Project own = Project.of(greedy, "own");
    String execution = own.run(TALKS);
    own.awaitLine(execution, "tick");
    List<HttpResponse<InputStream>> open = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      HttpResponse<InputStream> stream = Events.connect(greedy, path(execution));
      assertEquals(200, stream.statusCode());
      assertTrue(stream.body().read() >= 0);
      open.add(stream);
    }
    HttpResponse<InputStream> refused = Events.connect(greedy, path(execution));
    assertEquals(429, refused.statusCode());
    assertTrue(refused.headers().firstValue("Retry-After").isPresent());
    String told =
        new String(refused.body().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    assertTrue(told.contains("too_many_streams"), told);
    HttpResponse<InputStream> other = Events.connect(bob, "/api/v0/journal/");
    assertEquals(200, other.statusCode());
    open.add(other);
    assertEquals(200, greedy.get("/api/v0/users/me/").status());
    for (HttpResponse<InputStream> stream : open) {
      stream.body().close();
    }
    Machine.await(
        "room for another stream",
        LIMIT,
        () ->
            Events.status(greedy, path(execution), e -> true) == 200
                ? Optional.of(true)
                : Optional.empty());
    own.stop(execution);
  }

  @Test
  void theJournalIsResumedWithinWhatTheCallerSees() {
    Project bobs = Project.of(bob, "bobs");
    for (Project each : List.of(project, bobs)) {
      each.api().awaitEnd(each.run(Code.script("true")), LIMIT);
    }
    String own = project.run(Code.script("true"));
    ada.awaitEnd(own, LIMIT);
    Machine.await(
        "the seal of the log in the journal",
        LIMIT,
        () -> kinds(own).contains("LogSealed") ? Optional.of(true) : Optional.empty());
    List<JsonNode> polled = journal(ada);
    List<JsonNode> streamed = new ArrayList<>();
    Optional<String> last = Optional.of("0");
    while (streamed.size() < polled.size()) {
      int[] left = {3};
      boolean[] whole = {false};
      Events part =
          Events.read(
              ada,
              "/api/v0/journal/",
              last,
              e -> {
                whole[0] = streamed.size() + 4 - left[0] >= polled.size();
                return --left[0] == 0 || whole[0];
              });
      part.events().forEach(e -> streamed.add(json(e)));
      last = part.last();
    }
    assertEquals(polled, streamed);
    Set<String> projects = new TreeSet<>();
    polled.forEach(fact -> projects.add(fact.get("project").asText()));
    assertFalse(projects.contains(bobs.id()), "what bob did");
    Set<String> theirs = new TreeSet<>();
    journal(bob).forEach(fact -> theirs.add(fact.get("project").asText()));
    assertEquals(Set.of(bobs.id()), theirs);
  }

  private Set<String> kinds(String execution) {
    Set<String> kinds = new TreeSet<>();
    for (JsonNode fact : journal(ada)) {
      if (fact.get("execution").asText().equals(execution)) {
        kinds.add(fact.get("kind").asText());
      }
    }
    return kinds;
  }

  /** All that polling tells, of facts that will not become more by what other tests do. */
  private List<JsonNode> journal(Api api) {
    List<JsonNode> facts = new ArrayList<>();
    long after = 0;
    while (true) {
      JsonNode page = api.get("/api/v0/journal/?limit=7&after=" + after).expectSuccess();
      page.get("facts").forEach(facts::add);
      if (page.get("reached").asLong() == after) {
        return facts;
      }
      after = page.get("reached").asLong();
    }
  }

  @Test
  void whoMayNotReadIsToldSoBeforeTheStreamBegins() {
    String execution = project.run(Code.script("true"));
    ada.awaitEnd(execution, LIMIT);
    assertEquals(404, Events.status(bob, path(execution), e -> true));
    assertEquals(404, Events.status(ada, path("nothing"), e -> true));
    assertEquals(401, Events.status(ada.as("wrong"), path(execution), e -> true));
    for (String id : List.of("abc", "1-2-3", "-1", "1-2-3-4-5")) {
      assertEquals(400, Events.read(ada, path(execution), Optional.of(id), e -> true).status(), id);
    }
    assertEquals(
        400, Events.read(ada, "/api/v0/journal/", Optional.of("1-2-3-4"), e -> true).status());
    assertEquals(200, Events.status(ada, path(project.id() + ":latest"), e -> true));
  }
}
