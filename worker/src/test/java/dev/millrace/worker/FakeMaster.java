package dev.millrace.worker;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.function.Predicate;

/** The other side of the wire and a store, in memory; it speaks as docs/wire says. */
final class FakeMaster implements AutoCloseable {
  static final String TOKEN = "am9pbi10b2tlbg";
  static final String CREDENTIAL = "d29ya2VyLWNyZWRlbnRpYWw";

  final ObjectMapper json = new ObjectMapper();
  final Map<String, byte[]> store = new HashMap<>();
  final Map<String, Seen> runs = new LinkedHashMap<>();
  private final Deque<ObjectNode> offers = new ArrayDeque<>();
  private final HttpServer server;
  private boolean refuseCredential;
  private boolean away;
  private List<String> runtimes = List.of();
  private String trouble = "";
  private int claims;
  private int pollSeconds = 1;

  /** What the master learned of one run. */
  static final class Seen {
    ObjectNode assignment;
    String order = "continue";
    String phase = "";
    final Map<String, ByteArrayOutputStream> streams = new HashMap<>();
    final List<Long> times = new ArrayList<>();
    final List<String> timeFaults = new ArrayList<>();
    long nextTime;
    final List<JsonNode> metadata = new ArrayList<>();
    long metadataNext;
    final Map<String, JsonNode> outputs = new LinkedHashMap<>();
    JsonNode ended;
    JsonNode settled;
    boolean leaseGone;

    String log(String stream) {
      return streams
          .getOrDefault(stream, new ByteArrayOutputStream())
          .toString(StandardCharsets.UTF_8);
    }
  }

  FakeMaster() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "fake-master");
              thread.setDaemon(true);
              return thread;
            }));
    server.createContext("/worker/v1/", this::wire);
    server.createContext("/transfer/", this::transfer);
    server.start();
  }

  URI address() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** The golden message of one call. */
  static JsonNode golden(String name) throws IOException {
    for (Path root = Path.of("").toAbsolutePath(); root != null; root = root.getParent()) {
      Path file = root.resolve("docs/wire/" + name + ".json");
      if (Files.exists(file)) {
        return new ObjectMapper().readTree(file.toFile());
      }
    }
    throw new IOException("no golden message " + name);
  }

  /** An assignment like the golden one, without code and inputs, ready to be changed. */
  ObjectNode assignment(String id, String... commands) throws IOException {
    ObjectNode node = (ObjectNode) golden("assignment");
    node.put("executionId", id);
    node.put("runtime", "process");
    node.remove("image");
    node.remove("code");
    node.putArray("inputs");
    node.putArray("mounts");
    ArrayNode list = node.putArray("commands");
    for (String command : commands) {
      list.add(command);
    }
    return node;
  }

  ObjectNode signed(String method, String key) {
    ObjectNode node = json.createObjectNode();
    node.put("method", method);
    node.put("url", address() + "/transfer/" + key + "?signature=s");
    node.putObject("headers");
    node.put("expiresAt", 4102444800000000L);
    return node;
  }

  synchronized Seen offer(ObjectNode assignment) {
    Seen seen = new Seen();
    seen.assignment = assignment;
    runs.put(assignment.get("executionId").asText(), seen);
    offers.add(assignment);
    notifyAll();
    return seen;
  }

  /** From how many lines of metadata on no more are kept. */
  int metadataLimit = Integer.MAX_VALUE;

  /** Lines of metadata of which one spoils its batch. */
  volatile Predicate<JsonNode> refusedLines = line -> false;

  /** A stream of which nothing is taken. */
  volatile String refusedStream = "";

  /** Seconds between two beats, as told at the join. */
  int beatSeconds = 1;

  /** What is answered while it is away. */
  int awayStatus = 503;

  /** How often a run wanted to report its end meanwhile. */
  int refusedEnds;

  private boolean woken;

  /** An order of which the worker is told at once. */
  synchronized void orderAtOnce(String id, String order) {
    order(id, order);
    woken = true;
    notifyAll();
  }

  synchronized void order(String id, String order) {
    runs.get(id).order = order;
  }

  synchronized void refuseCredential() {
    refuseCredential = true;
  }

  synchronized void away(boolean value) {
    away = value;
  }

  synchronized int claims() {
    return claims;
  }

  /** Waits until the run is as wanted; fails with what is known when that takes too long. */
  synchronized void await(Seen run, String what, Predicate<Seen> wanted) {
    long end = System.nanoTime() + 60_000_000_000L;
    while (!wanted.test(run)) {
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        throw new AssertionError(
            "not "
                + what
                + ": ended="
                + run.ended
                + " settled="
                + run.settled
                + " phase="
                + run.phase
                + "\nstatus:\n"
                + run.log("status")
                + "\nstdout:\n"
                + run.log("stdout")
                + "\nstderr:\n"
                + run.log("stderr"));
      }
      try {
        wait(left);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  /** Waits until a beat complains with these words; answers which runtimes it names. */
  synchronized List<String> awaitTrouble(String words) throws InterruptedException {
    long end = System.nanoTime() + 60_000_000_000L;
    while (!trouble.contains(words) && System.nanoTime() < end) {
      wait(100);
    }
    if (!trouble.contains(words)) {
      throw new AssertionError("the worker's trouble is '" + trouble + "'");
    }
    return runtimes;
  }

  /** Waits until a beat names just these runtimes. */
  synchronized void awaitRuntimes(List<String> wanted) throws InterruptedException {
    long end = System.nanoTime() + 30_000_000_000L;
    while (!runtimes.equals(wanted) && System.nanoTime() < end) {
      wait(100);
    }
    if (!runtimes.equals(wanted)) {
      throw new AssertionError("the worker offers " + runtimes);
    }
  }

  synchronized void awaitClaim() throws InterruptedException {
    int before = claims;
    long end = System.nanoTime() + 30_000_000_000L;
    while (claims == before && System.nanoTime() < end) {
      wait(100);
    }
    if (claims == before) {
      throw new AssertionError("no claim came");
    }
  }

  private void wire(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    String path = exchange.getRequestURI().getPath().substring("/worker/v1/".length());
    try (exchange) {
      synchronized (this) {
        if (away) {
          refusedEnds += path.endsWith("/ended") ? 1 : 0;
          notifyAll();
          answer(exchange, awayStatus, json.createObjectNode().put("code", "away"));
          return;
        }
      }
      if (path.equals("register")) {
        JsonNode request = json.readTree(body);
        boolean known = request.get("joinToken").asText().equals(TOKEN);
        JsonNode golden = golden("register");
        if (known) {
          ObjectNode answer = (ObjectNode) golden.get("answer");
          answer.put("pollSeconds", pollSeconds).put("beatSeconds", beatSeconds);
          answer(exchange, 200, answer);
        } else {
          answer(exchange, 401, golden.get("refusals").get(0).get("answer"));
        }
        return;
      }
      String credential = exchange.getRequestHeaders().getFirst("Authorization");
      synchronized (this) {
        if (refuseCredential || !("Bearer " + CREDENTIAL).equals(credential)) {
          answer(exchange, 401, json.createObjectNode().put("code", "credential_refused"));
          return;
        }
      }
      if (path.equals("wake")) {
        wake(exchange);
      } else if (path.equals("claim")) {
        claim(exchange);
      } else if (path.equals("beat")) {
        beat(exchange, json.readTree(body));
      } else if (path.startsWith("offers/")) {
        synchronized (this) {
          answer(exchange, 200, runs.get(path.split("/")[1]).assignment);
        }
      } else {
        String[] parts = path.split("/");
        execution(exchange, parts[1], parts[2], body);
      }
    }
  }

  private void claim(HttpExchange exchange) throws IOException {
    ObjectNode offer = null;
    synchronized (this) {
      claims++;
      notifyAll();
      long end = System.nanoTime() + pollSeconds * 1_000_000_000L;
      while (offers.isEmpty() && System.nanoTime() < end) {
        try {
          wait(100);
        } catch (InterruptedException e) {
          throw new IOException(e);
        }
      }
      ObjectNode assignment = offers.poll();
      if (assignment != null) {
        offer = json.createObjectNode();
        offer
            .putObject("offer")
            .put("executionId", assignment.get("executionId").asText())
            .put("token", "b2ZmZXI")
            .put("acceptSeconds", 10);
      }
    }
    if (offer == null) {
      exchange.sendResponseHeaders(204, -1);
    } else {
      answer(exchange, 200, offer);
    }
  }

  private void wake(HttpExchange exchange) throws IOException {
    boolean beat;
    synchronized (this) {
      long end = System.nanoTime() + pollSeconds * 1_000_000_000L;
      while (!woken && System.nanoTime() < end) {
        try {
          wait(100);
        } catch (InterruptedException e) {
          throw new IOException(e);
        }
      }
      beat = woken;
      woken = false;
    }
    if (beat) {
      answer(exchange, 200, golden("wake").get("answer"));
    } else {
      exchange.sendResponseHeaders(204, -1);
    }
  }

  private synchronized void beat(HttpExchange exchange, JsonNode request) throws IOException {
    trouble = request.path("trouble").asText("");
    runtimes = json.convertValue(request.get("runtimes"), new TypeReference<List<String>>() {});
    ObjectNode answer = json.createObjectNode();
    ArrayNode orders = answer.putArray("runs");
    for (JsonNode run : request.get("runs")) {
      Seen seen = runs.get(run.get("executionId").asText());
      seen.phase = run.get("phase").asText();
      orders
          .addObject()
          .put("executionId", run.get("executionId").asText())
          .put("order", seen.order);
    }
    answer.put("draining", false);
    notifyAll();
    answer(exchange, 200, answer);
  }

  private synchronized void execution(HttpExchange exchange, String id, String call, byte[] body)
      throws IOException {
    Seen seen = runs.get(id);
    if (seen.leaseGone) {
      answer(exchange, 410, json.createObjectNode().put("code", "lease_gone"));
      return;
    }
    ObjectNode answer = json.createObjectNode();
    switch (call) {
      case "log" -> {
        log(exchange, seen, body);
        notifyAll();
        return;
      }
      case "metadata" -> {
        for (JsonNode line : json.readTree(body).get("lines")) {
          if (refusedLines.test(line.get("json"))) {
            answer(exchange, 400, json.createObjectNode().put("message", "no such line"));
            return;
          }
        }
        for (JsonNode line : json.readTree(body).get("lines")) {
          long offset = line.get("offset").asLong();
          if (offset >= seen.metadataNext) {
            seen.metadata.add(line);
            seen.metadataNext = offset + 1;
          }
        }
        answer.put("next", seen.metadataNext);
        if (seen.metadata.size() >= metadataLimit) {
          answer.put("cut", true);
        }
      }
      case "uploads" -> {
        ArrayNode uploads = answer.putArray("uploads");
        for (JsonNode file : json.readTree(body).get("files")) {
          String uploadId = file.get("uploadId").asText();
          uploads.addObject().put("uploadId", uploadId).set("request", signed("PUT", uploadId));
        }
      }
      case "outputs" -> {
        ArrayNode outputs = answer.putArray("outputs");
        for (JsonNode output : json.readTree(body).get("outputs")) {
          seen.outputs.put(output.get("path").asText(), output);
          outputs.addObject().put("uploadId", output.get("uploadId").asText());
        }
      }
      case "transfers" -> answer.putObject("inputs");
      case "ended" -> seen.ended = json.readTree(body);
      case "settled" -> seen.settled = json.readTree(body);
      default -> throw new IOException("no call " + call);
    }
    notifyAll();
    answer(exchange, 200, answer);
  }

  private void log(HttpExchange exchange, Seen seen, byte[] body) throws IOException {
    Map<String, String> query = new HashMap<>();
    for (String part : exchange.getRequestURI().getQuery().split("&")) {
      query.put(part.split("=")[0], part.split("=")[1]);
    }
    if (refusedStream.equals(query.get("stream"))) {
      answer(exchange, 422, json.createObjectNode().put("message", "no such stream"));
      return;
    }
    ByteArrayOutputStream stream =
        seen.streams.computeIfAbsent(query.get("stream"), s -> new ByteArrayOutputStream());
    long offset = Long.parseLong(query.get("offset"));
    int status = 200;
    if (offset == stream.size()) {
      if (body.length > 0) {
        long time = Long.parseLong(query.get("time"));
        if (time < seen.nextTime && seen.times.contains(time)) {
          seen.timeFaults.add(query.get("stream") + "@" + offset);
        }
        seen.times.add(time);
        seen.nextTime = Math.max(seen.nextTime, time);
        stream.write(body);
      }
    } else {
      status = 409;
    }
    answer(exchange, status, json.createObjectNode().put("next", stream.size()));
  }

  private void transfer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String key = exchange.getRequestURI().getPath().substring("/transfer/".length());
      if (exchange.getRequestMethod().equals("PUT")) {
        byte[] bytes = exchange.getRequestBody().readAllBytes();
        synchronized (this) {
          store.put(key, bytes);
        }
        exchange.sendResponseHeaders(200, -1);
        return;
      }
      byte[] bytes;
      synchronized (this) {
        bytes = store.get(key);
      }
      if (bytes == null) {
        exchange.sendResponseHeaders(404, -1);
        return;
      }
      exchange.sendResponseHeaders(200, bytes.length == 0 ? -1 : bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  private void answer(HttpExchange exchange, int status, JsonNode body) throws IOException {
    byte[] bytes = json.writeValueAsBytes(body);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
