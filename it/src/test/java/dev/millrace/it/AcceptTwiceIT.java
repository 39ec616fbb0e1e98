package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A worker that sends the same accept twice at once gets the same answer twice. */
@Tag("lists")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AcceptTwiceIT {
  private static final int TIMES = 200;

  private Distribution millrace;
  private Project project;
  private HandWorker worker;

  @BeforeAll
  void join() throws Exception {
    millrace = Distribution.start(Map.of());
    Api admin = millrace.admin();
    project = Project.of(millrace.user("ada"), "demo");
    admin
        .post(
            "/api/v0/environments/",
            Map.of("name", "hand", "slug", "hand", "slots", 1, "scale_min", 0, "scale_max", 1))
        .expectSuccess();
    String token =
        admin
            .post("/api/v0/environments/hand/join_tokens/", Map.of())
            .expectSuccess()
            .get("token")
            .asText();
    worker = HandWorker.join(millrace.address(), token);
  }

  @AfterAll
  void stop() {
    if (millrace != null) {
      millrace.close();
    }
  }

  @Test
  void twoHundredTimesTheSameAnswer() throws Exception {
    String commit = project.api().uploadCode(project.id(), Code.script("true").archive());
    for (int i = 0; i < TIMES; i++) {
      project
          .api()
          .post(
              "/api/v0/executions/",
              Map.of(
                  "project", project.id(), "commit", commit, "step", "run", "environment", "hand"))
          .expectSuccess();
    }
    List<String> different = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      for (int i = 0; i < TIMES; i++) {
        HandWorker.Offer offer = offer();
        CyclicBarrier start = new CyclicBarrier(2);
        Callable<HandWorker.Reply> accept =
            () -> {
              start.await();
              return worker.accept(offer);
            };
        List<Future<HandWorker.Reply>> answers = threads.invokeAll(List.of(accept, accept));
        HandWorker.Reply one = answers.get(0).get();
        HandWorker.Reply two = answers.get(1).get();
        if (one.status() != 200
            || two.status() != 200
            || !lasting(one.body()).equals(lasting(two.body()))) {
          different.add(one.status() + " and " + two.status() + ": " + one.body());
        }
      }
    } finally {
      threads.shutdownNow();
    }
    System.out.println(
        "accepts twice at once: " + (TIMES - different.size()) + " of " + TIMES + " the same");
    assertEquals(List.of(), different);
  }

  private HandWorker.Offer offer() throws Exception {
    for (int poll = 0; poll < 10; poll++) {
      var offer = worker.claim();
      if (offer.isPresent()) {
        return offer.get();
      }
    }
    throw new AssertionError("nothing was offered");
  }

  /** Without signed requests, which say until when they are good. */
  private static JsonNode lasting(JsonNode answer) {
    JsonNode copy = answer.deepCopy();
    forget(copy);
    return copy;
  }

  private static void forget(JsonNode node) {
    if (node instanceof ObjectNode object) {
      object.remove(List.of("url", "headers", "expiresAt"));
    }
    node.forEach(AcceptTwiceIT::forget);
  }
}
