package dev.millrace.it;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** A worker that a test plays by hand, call by call. */
final class HandWorker {
  private final HttpClient http = HttpClient.newHttpClient();
  private final String master;
  private final String credential;

  private HandWorker(String master, String credential) {
    this.master = master;
    this.credential = credential;
  }

  /** What the master answered; an empty object for no body. */
  record Reply(int status, JsonNode body) {
    JsonNode expectSuccess() {
      if (status >= 300) {
        throw new AssertionError("status " + status + ": " + body);
      }
      return body;
    }
  }

  /** Joins with a token, as a worker of one slot for plain processes. */
  static HandWorker join(String master, String token) throws Exception {
    return join(master, token, "0.1.0", "process");
  }

  /** The same, of that release and for that runtime. */
  static HandWorker join(String master, String token, String release, String runtime)
      throws Exception {
    Map<String, Object> body = new HashMap<>();
    body.put("joinToken", token);
    body.put("nonce", UUID.randomUUID().toString());
    body.put("name", "hand-worker");
    body.put("release", release);
    body.put("os", "linux");
    body.put("arch", "amd64");
    body.put("wireVersions", List.of(1));
    body.put("slots", 1);
    body.put("cpus", 1);
    body.put("memoryMiB", 1024);
    body.put("gpus", List.of());
    body.put("runtimes", List.of(runtime));
    JsonNode joined =
        new HandWorker(master, "").call("register", "", Map.of(), body).expectSuccess();
    return new HandWorker(master, joined.get("credential").asText());
  }

  String credential() {
    return credential;
  }

  /** Polls until there is an offer, and takes it; answers the assignment. */
  JsonNode take() throws Exception {
    for (int poll = 0; poll < 4; poll++) {
      Reply claimed = call("claim", "", Map.of(), Map.of("freeSlots", 1));
      if (claimed.status() == 200) {
        JsonNode offer = claimed.body().get("offer");
        return call(
                "offers/" + offer.get("executionId").asText() + "/accept",
                "",
                Map.of(),
                Map.of("token", offer.get("token").asText()))
            .expectSuccess();
      }
    }
    throw new AssertionError("nothing was offered");
  }

  /** One poll: an offer, or empty where there is none. */
  Optional<Offer> claim() throws Exception {
    Reply claimed = call("claim", "", Map.of(), Map.of("freeSlots", 1));
    return claimed.status() == 200
        ? Optional.of(
            new Offer(
                claimed.body().at("/offer/executionId").asText(),
                claimed.body().at("/offer/token").asText()))
        : Optional.empty();
  }

  /** What the worker may take. */
  record Offer(String execution, String token) {}

  Reply accept(Offer offer) throws Exception {
    return call(
        "offers/" + offer.execution() + "/accept", "", Map.of(), Map.of("token", offer.token()));
  }

  JsonNode beat(String execution, String lease, String phase) throws Exception {
    return call(
            "beat",
            "",
            Map.of(),
            Map.of(
                "freeSlots",
                0,
                "runs",
                List.of(Map.of("executionId", execution, "lease", lease, "phase", phase)),
                "diskFreeMiB",
                1000))
        .expectSuccess();
  }

  /** A call of one run, under its lease. */
  Reply ofRun(String execution, String lease, String call, Object body) throws Exception {
    return call("executions/" + execution + "/" + call, "", Map.of("Millrace-Lease", lease), body);
  }

  private Reply call(String call, String query, Map<String, String> headers, Object body)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(master + "/worker/v1/" + call + query))
            .timeout(Duration.ofSeconds(60))
            .header(
                "Content-Type",
                body instanceof byte[] ? "application/octet-stream" : "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofByteArray(
                    body instanceof byte[] raw ? raw : Api.JSON.writeValueAsBytes(body)));
    headers.forEach(request::header);
    if (!credential.isEmpty()) {
      request.header("Authorization", "Bearer " + credential);
    }
    HttpResponse<String> answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    return new Reply(
        answer.statusCode(),
        answer.body().isBlank() ? Api.JSON.createObjectNode() : Api.JSON.readTree(answer.body()));
  }
}
