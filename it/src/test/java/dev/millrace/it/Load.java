package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** 50 requests a second of a user, to loopback, on routes that need no plugin; until closed. */
final class Load implements AutoCloseable {
  private static final int PER_SECOND = 50;
  private static final int MOST_AT_ONCE = 200;

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
  private final AtomicInteger sent = new AtomicInteger();
  private final AtomicInteger answered = new AtomicInteger();
  private final AtomicInteger open = new AtomicInteger();
  private final Queue<String> failures = new ConcurrentLinkedQueue<>();
  private final String address;
  private final String token;
  private final List<String> routes;

  private Load(String address, Project project) {
    this.address = address;
    this.token = project.api().token();
    this.routes =
        List.of(
            "/live",
            "/api/v0/users/me/",
            "/api/v0/projects/",
            "/api/v0/projects/" + project.id() + "/",
            "/api/v0/executions/?project=" + project.id(),
            "/api/v0/environments/");
  }

  static Load start(String address, Project project) {
    Load load = new Load(address, project);
    var unused =
        load.clock.scheduleAtFixedRate(
            load::send, 0, TimeUnit.SECONDS.toMicros(1) / PER_SECOND, TimeUnit.MICROSECONDS);
    return load;
  }

  private void send() {
    if (open.incrementAndGet() > MOST_AT_ONCE) {
      open.decrementAndGet();
      failures.add("more than " + MOST_AT_ONCE + " requests wait for an answer");
      return;
    }
    String route = routes.get(sent.getAndIncrement() % routes.size());
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(address + route))
            .timeout(Duration.ofSeconds(30))
            .header("Authorization", "Token " + token)
            .build();
    var unused =
        http.sendAsync(request, HttpResponse.BodyHandlers.ofString())
            .whenComplete(
                (answer, failure) -> {
                  open.decrementAndGet();
                  answered.incrementAndGet();
                  if (failure != null) {
                    failures.add(route + ": " + failure);
                  } else if (answer.statusCode() != 200) {
                    failures.add(route + ": " + answer.statusCode() + " " + answer.body());
                  }
                });
  }

  /** At least so many requests were answered, and none failed. */
  void expectNoFailure(int atLeast) {
    assertEquals(List.of(), failures.stream().limit(10).toList());
    assertTrue(answered.get() >= atLeast, answered + " answers");
  }

  @Override
  public void close() throws InterruptedException {
    clock.shutdownNow();
    assertTrue(clock.awaitTermination(10, TimeUnit.SECONDS));
    System.out.println("requests answered=" + answered + " failed=" + failures.size());
  }
}
