package dev.millrace.it;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** A caller of the HTTP API with one token. */
final class Api {
  static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
  private final String address;
  private final Optional<String> token;

  Api(String address, Optional<String> token) {
    this.address = address;
    this.token = token;
  }

  /** Status and body of an answer. */
  record Answer(int status, String text) {
    JsonNode json() {
      try {
        return JSON.readTree(text);
      } catch (IOException e) {
        throw new AssertionError("not JSON: " + status + " " + text, e);
      }
    }

    /** The body, after a check that the call succeeded. */
    JsonNode expectSuccess() {
      if (status >= 300) {
        throw new AssertionError("status " + status + ": " + text);
      }
      return json();
    }
  }

  String address() {
    return address;
  }

  String token() {
    return token.orElseThrow();
  }

  Api as(String otherToken) {
    return new Api(address, Optional.of(otherToken));
  }

  Api anonymous() {
    return new Api(address, Optional.empty());
  }

  Answer get(String path) {
    return send(request(path).GET());
  }

  Answer delete(String path) {
    return send(request(path).DELETE());
  }

  Answer post(String path, Object body) {
    return method("POST", path, body);
  }

  Answer method(String method, String path, Object body) {
    try {
      return send(
          request(path)
              .header("Content-Type", "application/json")
              .method(
                  method, HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body))));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** A POST under an {@code Idempotency-Key}. */
  Answer post(String path, Object body, String idempotencyKey) {
    try {
      return send(
          request(path)
              .header("Content-Type", "application/json")
              .header("Idempotency-Key", idempotencyKey)
              .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body))));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** A request without a body and without a type of one. */
  Answer bare(String method, String path) {
    return send(request(path).method(method, HttpRequest.BodyPublishers.noBody()));
  }

  Answer postForm(String path, String form) {
    return send(
        request(path)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(form)));
  }

  /** Fetches an address as it is, without the token. */
  byte[] download(String url) {
    try {
      HttpResponse<byte[]> answer =
          http.send(
              HttpRequest.newBuilder(URI.create(url)).build(),
              HttpResponse.BodyHandlers.ofByteArray());
      if (answer.statusCode() != 200) {
        throw new AssertionError("download answered " + answer.statusCode());
      }
      return answer.body();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** The body of an answer of any size, as it comes; close it. */
  InputStream open(String path) {
    return body(request(path).timeout(Duration.ofMinutes(30)).build());
  }

  /** Like {@link #download}, for a file of any size. */
  InputStream openUrl(String url) {
    return body(HttpRequest.newBuilder(URI.create(url)).build());
  }

  private InputStream body(HttpRequest request) {
    try {
      HttpResponse<InputStream> answer =
          http.send(request, HttpResponse.BodyHandlers.ofInputStream());
      if (answer.statusCode() != 200) {
        answer.body().close();
        throw new AssertionError(request.uri().getPath() + " answered " + answer.statusCode());
      }
      return answer.body();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Uploads a gzipped tar as ad-hoc code and returns the commit's identifier. */
  String uploadCode(String project, Path archive) {
    String boundary = "millrace-it-boundary";
    try {
      byte[] head =
          ("--"
                  + boundary
                  + "\r\nContent-Disposition: form-data; name=\"data\"; filename=\"data.tgz\"\r\n"
                  + "Content-Type: application/gzip\r\n\r\n")
              .getBytes(java.nio.charset.StandardCharsets.UTF_8);
      byte[] tail =
          ("\r\n--"
                  + boundary
                  + "\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\nit\r\n--"
                  + boundary
                  + "--\r\n")
              .getBytes(java.nio.charset.StandardCharsets.UTF_8);
      return send(request("/api/v0/projects/" + project + "/import-package/")
              .timeout(Duration.ofMinutes(10))
              .header("Content-Type", "multipart/form-data; boundary=" + boundary)
              .POST(
                  HttpRequest.BodyPublishers.concat(
                      HttpRequest.BodyPublishers.ofByteArray(head),
                      HttpRequest.BodyPublishers.ofFile(archive),
                      HttpRequest.BodyPublishers.ofByteArray(tail))))
          .expectSuccess()
          .get("identifier")
          .asText();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Waits until the execution has ended as clients see it, and returns its detail. */
  JsonNode awaitEnd(String execution, Duration limit) {
    return Machine.await(
        "the end of execution " + execution,
        limit,
        () -> {
          JsonNode detail = get("/api/v0/executions/" + execution + "/").expectSuccess();
          String status = detail.get("status").asText();
          boolean ended =
              status.equals("complete") || status.equals("error") || status.equals("stopped");
          return ended ? Optional.of(detail) : Optional.empty();
        });
  }

  private HttpRequest.Builder request(String path) {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(URI.create(path.startsWith("http") ? path : address + path))
            .timeout(Duration.ofSeconds(60))
            .header("Accept", "application/json");
    token.ifPresent(t -> builder.header("Authorization", "Token " + t));
    return builder;
  }

  private Answer send(HttpRequest.Builder builder) {
    try {
      HttpRequest request = builder.build();
      HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
      Described.check(address, request, answer);
      return new Answer(answer.statusCode(), answer.body());
    } catch (IOException | InterruptedException e) {
      throw new java.io.UncheckedIOException(new IOException(e));
    }
  }
}
