package dev.millrace.it;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.StreamSupport;

/** A project of one user, and what tests do with it. */
record Project(Api api, String id, Map<String, Object> defaults) {
  static Project of(Api api, String name) {
    JsonNode project = api.postForm("/api/v0/projects/", "name=" + name).expectSuccess();
    return new Project(api, project.get("id").asText(), Map.of());
  }

  /** The same project, whose executions use this image instead of their step's. */
  Project in(String image) {
    return new Project(api, id, Map.of("image", image));
  }

  /** Uploads and runs the step {@code run}; returns the execution's id. */
  String run(Code code) {
    return run(code, Map.of());
  }

  /** Like {@link #run(Code)}, with further members of the request. */
  String run(Code code, Map<String, Object> more) {
    return submit(code, more).expectSuccess().get("id").asText();
  }

  Api.Answer submit(Code code, Map<String, Object> more) {
    String commit = api.uploadCode(id, code.archive());
    Map<String, Object> body =
        new HashMap<>(Map.of("project", id, "commit", commit, "step", "run"));
    body.putAll(defaults);
    body.putAll(more);
    return api.post("/api/v0/executions/", body);
  }

  JsonNode detail(String execution) {
    return api.get("/api/v0/executions/" + execution + "/").expectSuccess();
  }

  /** The messages of one stream, or of all where {@code stream} is empty. */
  List<String> log(String execution, Optional<String> stream) {
    JsonNode events =
        api.get("/api/v0/executions/" + execution + "/events/?limit=0")
            .expectSuccess()
            .get("events");
    return StreamSupport.stream(events.spliterator(), false)
        .filter(e -> stream.map(s -> s.equals(e.get("stream").asText())).orElse(true))
        .map(e -> e.get("message").asText())
        .toList();
  }

  /** Waits for a line of any stream that contains {@code text}. */
  void awaitLine(String execution, String text) {
    Machine.await(
        "the line \"" + text + "\"",
        java.time.Duration.ofSeconds(120),
        () ->
            log(execution, Optional.empty()).stream().anyMatch(m -> m.contains(text))
                ? Optional.of(true)
                : Optional.empty());
  }

  /** The bytes of an output as text. */
  String output(String execution, String name) {
    JsonNode data =
        api.get("/api/v0/data/?output_execution=" + execution + "&limit=5000")
            .expectSuccess()
            .get("results");
    for (JsonNode datum : data) {
      if (datum.get("name").asText().equals(name)) {
        String url =
            api.get("/api/v0/data/" + datum.get("id").asText() + "/download/")
                .expectSuccess()
                .get("url")
                .asText();
        return new String(api.download(url), StandardCharsets.UTF_8);
      }
    }
    throw new AssertionError("no output " + name + " among " + data);
  }

  void stop(String execution) {
    Api.Answer answer = api.post("/api/v0/executions/" + execution + "/stop/", Map.of());
    answer.expectSuccess();
  }
}
