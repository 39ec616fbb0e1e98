package dev.millrace.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** A client of an event stream, which may hang up at any time. */
record Events(int status, List<Event> events, boolean cut) {
  /** One event; heartbeats are none. */
  record Event(Optional<String> id, String name, String data) {}

  /** The status of the answer; hangs up when {@code enough} holds. */
  static int status(Api api, String path, Predicate<Event> enough) {
    return read(api, path, Optional.empty(), enough).status();
  }

  /** Opens a stream; whoever does so hangs up. */
  static HttpResponse<InputStream> connect(Api api, String path) {
    try {
      return connect(api, path, Optional.empty());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static HttpResponse<InputStream> connect(Api api, String path, Optional<String> last)
      throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(api.address() + path))
            .header("Accept", "text/event-stream")
            .header("Authorization", "Token " + api.token());
    last.ifPresent(id -> request.header("Last-Event-ID", id));
    try {
      return HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .build()
          .send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Reads until the stream ends or {@code enough} holds for an event, which is the last one then.
   */
  static Events read(Api api, String path, Optional<String> last, Predicate<Event> enough) {
    List<Event> events = new ArrayList<>();
    int status = 0;
    try {
      HttpResponse<InputStream> answer = connect(api, path, last);
      status = answer.statusCode();
      try (InputStream body = answer.body()) {
        if (status != 200) {
          return new Events(status, events, false);
        }
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8));
        for (Optional<Event> next = next(lines); next.isPresent(); next = next(lines)) {
          events.add(next.get());
          if (enough.test(next.get())) {
            return new Events(status, events, true);
          }
        }
      }
      return new Events(status, events, false);
    } catch (IOException e) {
      // Cut by the server, as it may be.
      return new Events(status, events, false);
    }
  }

  /** Hands over all events to the last, with a new connection wherever one was cut. */
  static void follow(Api api, String path, Consumer<Event> taker) {
    Optional<String> last = Optional.empty();
    for (int connection = 0; connection < 100; connection++) {
      try {
        HttpResponse<InputStream> answer = connect(api, path, last);
        try (BufferedReader lines =
            new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8))) {
          if (answer.statusCode() == 204) {
            return;
          }
          for (Optional<Event> next = next(lines); next.isPresent(); next = next(lines)) {
            last = next.get().id().isPresent() ? next.get().id() : last;
            taker.accept(next.get());
            if (next.get().name().equals("end")) {
              return;
            }
          }
        }
      } catch (IOException e) {
        // Cut by the server, as it may be.
        continue;
      }
    }
    throw new AssertionError(path + " was cut too often");
  }

  /** The id of the last event that had one. */
  Optional<String> last() {
    Optional<String> last = Optional.empty();
    for (Event event : events) {
      last = event.id().isPresent() ? event.id() : last;
    }
    return last;
  }

  private static Optional<Event> next(BufferedReader lines) throws IOException {
    Optional<String> id = Optional.empty();
    String name = "";
    StringBuilder data = new StringBuilder();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.isEmpty()) {
        if (!name.isEmpty()) {
          return Optional.of(new Event(id, name, data.toString()));
        }
      } else if (line.startsWith("id: ")) {
        id = Optional.of(line.substring(4));
      } else if (line.startsWith("event: ")) {
        name = line.substring(7);
      } else if (line.startsWith("data: ")) {
        data.append(line.substring(6));
      }
    }
    return Optional.empty();
  }
}
