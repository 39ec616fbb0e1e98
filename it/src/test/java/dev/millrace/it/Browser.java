package dev.millrace.it;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One tab of a real Chromium, driven over the DevTools protocol. */
final class Browser implements AutoCloseable {
  private static final Duration ANSWER = Duration.ofSeconds(30);
  private static final Duration WAIT = Duration.ofSeconds(60);
  private static final Pattern LISTENING = Pattern.compile("DevTools listening on (ws://\\S+)");

  private final Process process;
  private final WebSocket socket;
  private final AtomicInteger ids = new AtomicInteger();
  private final Map<Integer, CompletableFuture<JsonNode>> asked = new ConcurrentHashMap<>();
  private Optional<String> tab = Optional.empty();

  private Browser(Process process, String address) {
    this.process = process;
    this.socket =
        HttpClient.newHttpClient()
            .newWebSocketBuilder()
            .connectTimeout(ANSWER)
            .buildAsync(URI.create(address), new Listener())
            .join();
  }

  /** The browser of this machine; empty if there is none. */
  static Optional<String> program() {
    return List.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
        .stream()
        .filter(p -> Files.isExecutable(Path.of(p)))
        .findFirst();
  }

  static Browser start() {
    try {
      List<String> command = new ArrayList<>();
      command.add(program().orElseThrow());
      command.addAll(
          List.of(
              "--headless",
              "--no-sandbox",
              "--disable-gpu",
              "--disable-quic",
              "--disable-dev-shm-usage",
              "--no-first-run",
              "--disable-background-networking",
              "--disable-component-update",
              "--disable-sync",
              "--no-proxy-server",
              "--window-size=1100,1400",
              "--remote-debugging-port=0",
              "--user-data-dir=" + Files.createTempDirectory("it-chromium"),
              "about:blank"));
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      BufferedReader out =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
      String address = CompletableFuture.supplyAsync(() -> address(out)).get(60, TimeUnit.SECONDS);
      Thread drain = new Thread(() -> out.lines().forEach(line -> {}), "chromium-output");
      drain.setDaemon(true);
      drain.start();
      Browser browser = new Browser(process, address);
      String target =
          browser
              .call("Target.createTarget", Map.of("url", "about:blank"))
              .get("targetId")
              .asText();
      browser.tab =
          Optional.of(
              browser
                  .call("Target.attachToTarget", Map.of("targetId", target, "flatten", true))
                  .get("sessionId")
                  .asText());
      return browser;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new AssertionError("Chromium did not start", e);
    }
  }

  private static String address(BufferedReader out) {
    return out.lines()
        .map(LISTENING::matcher)
        .filter(Matcher::find)
        .findFirst()
        .map(m -> m.group(1))
        .orElseThrow(() -> new AssertionError("Chromium ended before it listened"));
  }

  void open(String address) {
    call("Page.navigate", Map.of("url", address));
    awaitTrue("document.readyState === 'complete' && location.href !== 'about:blank'");
  }

  /** The value of a JavaScript expression within the page. */
  JsonNode value(String expression) {
    JsonNode answer =
        call("Runtime.evaluate", Map.of("expression", expression, "returnByValue", true));
    if (answer.has("exceptionDetails")) {
      throw new AssertionError(expression + ": " + answer.get("exceptionDetails"));
    }
    return answer.at("/result/value");
  }

  String text(String selector) {
    return value("(document.querySelector('" + selector + "') || {innerText: ''}).innerText")
        .asText();
  }

  void type(String selector, String text) {
    value("document.querySelector('" + selector + "').focus()");
    call("Input.insertText", Map.of("text", text));
  }

  /** Presses a button or link, as a person does, and waits until another document is there. */
  void press(String selector) {
    value("window.before = true; document.querySelector('" + selector + "').click()");
    awaitTrue("window.before === undefined && document.readyState === 'complete'");
  }

  void awaitTrue(String expression) {
    Machine.await(
        expression,
        WAIT,
        () -> {
          try {
            return value(expression).asBoolean() ? Optional.of(true) : Optional.empty();
          } catch (AssertionError e) {
            // While a document is replaced there is nothing that could answer.
            return Optional.empty();
          }
        });
  }

  /** Cookies of the tab, also those that no script of the page can see. */
  JsonNode cookies() {
    return call("Network.getCookies", Map.of()).get("cookies");
  }

  void screenshot(Path file) {
    try {
      String data =
          call("Page.captureScreenshot", Map.of("captureBeyondViewport", true))
              .get("data")
              .asText();
      Files.write(file, Base64.getDecoder().decode(data));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private JsonNode call(String method, Map<String, ?> parameters) {
    int id = ids.incrementAndGet();
    ObjectNode message = Api.JSON.createObjectNode().put("id", id).put("method", method);
    message.set("params", Api.JSON.valueToTree(parameters));
    tab.ifPresent(t -> message.put("sessionId", t));
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    asked.put(id, answer);
    try {
      socket.sendText(message.toString(), true).get(ANSWER.toSeconds(), TimeUnit.SECONDS);
      JsonNode json = answer.get(ANSWER.toSeconds(), TimeUnit.SECONDS);
      if (json.has("error")) {
        throw new AssertionError(method + ": " + json.get("error"));
      }
      return json.get("result");
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new AssertionError(method + " was not answered", e);
    }
  }

  @Override
  public void close() {
    socket.abort();
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  private final class Listener implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
      text.append(data);
      if (last) {
        try {
          JsonNode message = Api.JSON.readTree(text.toString());
          CompletableFuture<JsonNode> answer = asked.remove(message.path("id").asInt());
          if (answer != null) {
            answer.complete(message);
          }
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        } finally {
          text.setLength(0);
        }
      }
      from.request(1);
      return CompletableFuture.completedFuture(null);
    }
  }
}
