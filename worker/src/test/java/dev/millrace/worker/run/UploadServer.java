package dev.millrace.worker.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/** A store and a master that take uploads, in memory; what they refuse is the test's to say. */
final class UploadServer implements AutoCloseable {
  /** An answer other than the usual one. */
  record Answer(int status, String body) {}

  /** What the store says to an upload of that path; null: it takes it. */
  volatile Function<String, Answer> store = path -> null;

  /** What the master says to a report of those paths; null: it records them. */
  volatile Function<List<String>, Answer> report = paths -> null;

  /** What it says of a single file in a report; null: it records it. */
  volatile Function<String, String> item = path -> null;

  /** A master of an earlier release knows no lists beside the recorded ones. */
  volatile boolean earlier;

  final Set<String> recorded = Collections.synchronizedSet(new TreeSet<>());
  final Map<String, Integer> puts = new ConcurrentHashMap<>();
  final List<Integer> reportBytes = Collections.synchronizedList(new ArrayList<>());
  final List<String> details = Collections.synchronizedList(new ArrayList<>());

  private final ObjectMapper json = new ObjectMapper();
  private final Map<String, String> paths = new ConcurrentHashMap<>();
  private final Set<String> held = ConcurrentHashMap.newKeySet();
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();

  UploadServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/worker/v1/executions/x/uploads", e -> answer(e, this::places));
    server.createContext("/worker/v1/executions/x/outputs", e -> answer(e, this::outputs));
    server.createContext(
        "/worker/v1/executions/x/status-detail",
        e ->
            answer(
                e,
                body -> {
                  details.add(body.get("statusDetail").asText());
                  return new Answer(200, "{}");
                }));
    server.createContext("/store/", this::put);
    server.start();
  }

  URI address() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  private void answer(HttpExchange exchange, Function<JsonNode, Answer> call) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    if (exchange.getRequestURI().getPath().endsWith("/outputs")) {
      reportBytes.add(body.length);
    }
    send(exchange, call.apply(json.readTree(body)));
  }

  private Answer places(JsonNode wanted) {
    ObjectNode answer = json.createObjectNode();
    ArrayNode uploads = answer.putArray("uploads");
    for (JsonNode file : wanted.get("files")) {
      String id = file.get("uploadId").asText();
      paths.put(id, file.get("path").asText());
      ObjectNode request = uploads.addObject().put("uploadId", id).putObject("request");
      request.put("method", "PUT").put("url", address() + "/store/" + id).put("expiresAt", 1L);
    }
    return new Answer(200, answer.toString());
  }

  private Answer outputs(JsonNode told) {
    Map<String, String> ids = new HashMap<>();
    told.get("outputs").forEach(o -> ids.put(o.get("path").asText(), o.get("uploadId").asText()));
    Answer refusal = report.apply(List.copyOf(ids.keySet()));
    if (refusal != null) {
      return refusal;
    }
    ObjectNode answer = json.createObjectNode();
    ArrayNode kept = answer.putArray("outputs");
    for (Map.Entry<String, String> one : ids.entrySet()) {
      String code = earlier ? null : item.apply(one.getKey());
      if (code == null && held.contains(one.getValue())) {
        recorded.add(one.getKey());
        kept.addObject().put("uploadId", one.getValue());
      } else {
        answer
            .withArray(code == null || !code.startsWith("wait") ? "refused" : "waiting")
            .addObject()
            .put("uploadId", one.getValue())
            .put("code", code == null ? "upload_missing" : code)
            .put("message", "of this one");
      }
    }
    return new Answer(200, answer.toString());
  }

  private void put(HttpExchange exchange) throws IOException {
    String id = exchange.getRequestURI().getPath().substring("/store/".length());
    String path = paths.get(id);
    exchange.getRequestBody().readAllBytes();
    puts.merge(path, 1, Integer::sum);
    Answer refusal = store.apply(path);
    if (refusal == null) {
      held.add(id);
    }
    send(exchange, refusal == null ? new Answer(200, "") : refusal);
  }

  private static void send(HttpExchange exchange, Answer answer) throws IOException {
    byte[] bytes = answer.body().getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(answer.status(), bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
