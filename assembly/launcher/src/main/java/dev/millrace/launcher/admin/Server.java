package dev.millrace.launcher.admin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLException;

/** The API of one installation, with one token. */
final class Server {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Duration FETCH_LIMIT = Duration.ofMinutes(15);

  private final HttpClient http;
  private final String address;
  private final String token;

  private Server(HttpClient http, String address, String token) {
    this.http = http;
    this.address = address;
    this.token = token;
  }

  /**
   * The server that {@code MILLRACE_URL} and {@code MILLRACE_TOKEN} name; without an address the
   * master of this machine, with the token of its first administrator. {@code MILLRACE_TLS_CA} is
   * trusted besides the public authorities.
   */
  static Server of(Map<String, String> environment, Path data) throws Failure {
    String url = environment.getOrDefault("MILLRACE_URL", "");
    String token = environment.getOrDefault("MILLRACE_TOKEN", "");
    if (!url.isEmpty() && token.isEmpty()) {
      throw Failure.usage("MILLRACE_URL is set; set MILLRACE_TOKEN to a token of that server too");
    }
    String address = url.isEmpty() ? local(data) : url;
    if (!address.matches("https?://[^/\\s]+/?")) {
      throw Failure.usage(
          "MILLRACE_URL is \"" + address + "\"; it looks like https://millrace.example.org");
    }
    HttpClient.Builder http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10));
    String authority = environment.getOrDefault("MILLRACE_TLS_CA", "");
    if (!authority.isEmpty()) {
      http.sslContext(Trust.with(Path.of(authority)));
    }
    return new Server(
        http.build(), address.replaceAll("/$", ""), token.isEmpty() ? firstToken(data) : token);
  }

  private static String local(Path data) {
    try {
      for (String line : Files.readAllLines(data.resolve("run/master"))) {
        if (line.startsWith("address=")) {
          return line.substring("address=".length());
        }
      }
    } catch (IOException e) {
      // It does not run here, or not for this user: the default says the same when it is asked.
    }
    return "http://127.0.0.1:8000";
  }

  private static String firstToken(Path data) throws Failure {
    Path file = data.resolve("initial-admin.json");
    try {
      String token = JSON.readTree(Files.readAllBytes(file)).path("token").asText();
      if (!token.isEmpty()) {
        return token;
      }
    } catch (IOException e) {
      // Told below: what to do is the same.
    }
    throw Failure.usage("set MILLRACE_TOKEN; there is no readable " + file + " to take it from");
  }

  JsonNode get(String path) throws Failure {
    return send(request(path).GET());
  }

  JsonNode send(String method, String path, Map<String, ?> body) throws Failure {
    try {
      return send(
          request(path)
              .header("Content-Type", "application/json")
              .method(
                  method, HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body))));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  JsonNode delete(String path) throws Failure {
    return send(request(path).DELETE());
  }

  /** All rows of a list. */
  List<JsonNode> list(String path) throws Failure {
    List<JsonNode> rows = new ArrayList<>();
    String next = path + (path.contains("?") ? "&" : "?") + "limit=1000";
    while (!next.isEmpty()) {
      JsonNode page = get(next);
      page.path("results").forEach(rows::add);
      String follow = page.path("next").asText("");
      next = page.path("next").isTextual() ? URI.create(follow).getRawPath() : "";
      if (!next.isEmpty()) {
        next += "?" + URI.create(follow).getRawQuery();
      }
    }
    return rows;
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(address + path))
        .timeout(path.endsWith("/fetch/") ? FETCH_LIMIT : LIMIT)
        .header("Accept", "application/json")
        .header("User-Agent", "millrace-admin")
        .header("Authorization", "Token " + token);
  }

  private JsonNode send(HttpRequest.Builder request) throws Failure {
    try {
      HttpResponse<String> answer =
          http.send(request.build(), HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() >= 300) {
        throw new Failure(Failure.REFUSED, words(answer));
      }
      return answer.body().isBlank() ? JSON.createObjectNode() : JSON.readTree(answer.body());
    } catch (JsonProcessingException e) {
      throw new Failure(
          Failure.UNREACHABLE, address + " did not answer in JSON; is Millrace there?");
    } catch (SSLException e) {
      throw new Failure(
          Failure.UNREACHABLE,
          address
              + " has a certificate that is not trusted, or that is for another name. Set"
              + " MILLRACE_TLS_CA to the file of your authority, and MILLRACE_URL and"
              + " MILLRACE_TOKEN where the certificate has another name.");
    } catch (IOException e) {
      throw new Failure(
          Failure.UNREACHABLE,
          address + " does not answer (" + e.getClass().getSimpleName() + "); does Millrace run?");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failure(Failure.UNREACHABLE, "interrupted");
    }
  }

  private static String words(HttpResponse<String> answer) {
    try {
      JsonNode body = JSON.readTree(answer.body());
      if (body.path("detail").isTextual()) {
        return body.get("detail").asText();
      }
      List<String> lines = new ArrayList<>();
      problems("", body, lines);
      if (!lines.isEmpty()) {
        return String.join("\n", lines);
      }
    } catch (JsonProcessingException e) {
      // No JSON: the status has to do.
    }
    return "the server answered with status " + answer.statusCode();
  }

  private static void problems(String field, JsonNode body, List<String> lines) {
    for (Map.Entry<String, JsonNode> entry : body.properties()) {
      String name = field.isEmpty() ? entry.getKey() : field + "." + entry.getKey();
      if (entry.getValue().isObject()) {
        problems(name, entry.getValue(), lines);
      }
      for (JsonNode problem : entry.getValue()) {
        if (problem.path("message").isTextual()) {
          String text = problem.get("message").asText();
          lines.add(name.equals("non_field_errors") ? text : name + ": " + text);
        }
      }
    }
  }
}
