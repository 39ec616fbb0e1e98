package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Who gets a free slot, and what becomes of an offer that nobody accepts. The test speaks the wire
 * itself.
 */
@Tag("offers")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OffersIT {
  private final HttpClient http = HttpClient.newHttpClient();
  private Distribution millrace;
  private Api admin;
  private Api ada;
  private Api bob;
  private Project adas;
  private Project bobs;
  private String credential = "";

  @BeforeAll
  void joinAGroupWithoutProvider() throws Exception {
    millrace = Distribution.start(Map.of());
    admin = millrace.admin();
    ada = millrace.user("ada");
    bob = millrace.user("bob");
    adas = Project.of(ada, "adas");
    bobs = Project.of(bob, "bobs");
    admin
        .post(
            "/api/v0/environments/",
            Map.of("name", "hand", "slug", "hand", "slots", 1, "scale_min", 0, "scale_max", 1))
        .expectSuccess();
    String join =
        admin
            .post("/api/v0/environments/hand/join_tokens/", Map.of())
            .expectSuccess()
            .get("token")
            .asText();
    JsonNode registered =
        wire(
                "register",
                Map.of(
                    "joinToken",
                    join,
                    "nonce",
                    UUID.randomUUID().toString(),
                    "name",
                    "hand-1",
                    "release",
                    "0.1.0",
                    "os",
                    "linux",
                    "arch",
                    "amd64",
                    "wireVersions",
                    List.of(1),
                    "slots",
                    1,
                    "cpus",
                    1,
                    "memoryMiB",
                    1024),
                Map.of("gpus", List.of(), "runtimes", List.of("process")))
            .body();
    credential = registered.get("credential").asText();
  }

  @AfterAll
  void stop() {
    millrace.close();
  }

  @Test
  void anOfferThatIsNotAcceptedIsOfferedAgain() throws Exception {
    String execution = submit(adas, 0);
    assertEquals(execution, claim().at("/offer/executionId").asText());
    Instant offered = Instant.now();
    String again = "";
    while (again.isEmpty() && Instant.now().isBefore(offered.plusSeconds(40))) {
      again = claim().at("/offer/executionId").asText();
    }
    Duration took = Duration.between(offered, Instant.now());
    System.out.println("offered again after " + took);
    assertEquals(execution, again);
    assertTrue(took.compareTo(Duration.ofSeconds(15)) <= 0, "offered again after " + took);
    stop(adas, execution);
  }

  @Test
  void priorityGoesFirstThenWhoHasFewerRunning() throws Exception {
    String running = submit(adas, 0);
    accept(claim());
    String adasNext = submit(adas, 0);
    String bobsFirst = submit(bobs, 0);
    String urgent = submit(adas, 5);
    List<String> order = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      JsonNode offer = claim();
      order.add(offer.at("/offer/executionId").asText());
      accept(offer);
    }
    assertEquals(List.of(urgent, bobsFirst, adasNext), order);
    for (String execution : List.of(running, adasNext, urgent)) {
      stop(adas, execution);
    }
    stop(bobs, bobsFirst);
  }

  private String submit(Project project, int priority) {
    String execution =
        project.run(Code.script("echo hello"), Map.of("environment", "hand", "priority", priority));
    Machine.await(
        "the queue",
        Duration.ofSeconds(30),
        () ->
            project.detail(execution).get("status").asText().equals("queued")
                ? Optional.of(true)
                : Optional.empty());
    return execution;
  }

  private void stop(Project project, String execution) {
    project.stop(execution);
  }

  /** One long poll; an empty object when there is nothing to do. */
  private JsonNode claim() throws Exception {
    Reply reply = wire("claim", Map.of("freeSlots", 1), Map.of());
    return reply.status() == 204 ? Api.JSON.createObjectNode() : reply.body();
  }

  private void accept(JsonNode offer) throws Exception {
    assertTrue(offer.has("offer"), "nothing was offered");
    Reply reply =
        wire(
            "offers/" + offer.at("/offer/executionId").asText() + "/accept",
            Map.of("token", offer.at("/offer/token").asText()),
            Map.of());
    assertEquals(200, reply.status(), reply.body().toString());
  }

  private record Reply(int status, JsonNode body) {}

  private Reply wire(String call, Map<String, Object> body, Map<String, Object> more)
      throws Exception {
    Map<String, Object> all = new java.util.HashMap<>(body);
    all.putAll(more);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(millrace.address() + "/worker/v1/" + call))
            .timeout(Duration.ofSeconds(60))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(Api.JSON.writeValueAsBytes(all)));
    if (!credential.isEmpty()) {
      request.header("Authorization", "Bearer " + credential);
    }
    HttpResponse<String> answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    return new Reply(
        answer.statusCode(),
        answer.body().isEmpty() ? Api.JSON.createObjectNode() : Api.JSON.readTree(answer.body()));
  }
}
