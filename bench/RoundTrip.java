import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The measuring part of bench/round-trip, run as a source file with Jackson on the class path. Arguments: address, data folder,
 * image, number of pairs. Each pair is one `docker run` and one execution of the same command in the same image; which comes
 * first alternates. An execution's time is from before its POST to the endedAt that the master recorded.
 */
public final class RoundTrip {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private final HttpClient http = HttpClient.newHttpClient();
  private final String address;
  private final String token;
  private final Path data;

  private RoundTrip(String address, String token, Path data) {
    this.address = address;
    this.token = token;
    this.data = data;
  }

  public static void main(String[] arguments) throws Exception {
    JsonNode admin = JSON.readTree(Path.of(arguments[1], "initial-admin.json").toFile());
    new RoundTrip(arguments[0], admin.get("token").asText(), Path.of(arguments[1]))
        .run(arguments[2], Integer.parseInt(arguments[3]));
  }

  private void run(String image, int times) throws IOException, InterruptedException {
    String project = call("POST", "/api/v0/projects/", Map.of("name", "bench")).get("id").asText();
    String commit = upload(project, image);
    call("PATCH", "/api/v0/environments/local/", Map.of("scale_min", 1));
    awaitWorker();
    print("master, idle", "launcher");
    print("worker, idle, before its first container", "WorkerMain");
    // The first of each loads classes and fills caches; it is not counted.
    dockerRun(image);
    double first = execution(project, commit);
    double[] docker = new double[times];
    double[] ours = new double[times];
    double[] ratio = new double[times];
    for (int i = 0; i < times; i++) {
      if (i % 2 == 0) {
        docker[i] = dockerRun(image);
        ours[i] = execution(project, commit);
      } else {
        ours[i] = execution(project, commit);
        docker[i] = dockerRun(image);
      }
      ratio[i] = ours[i] / docker[i];
    }
    print("worker, idle, after " + (times + 1) + " containers", "WorkerMain");
    System.out.printf(Locale.ROOT, "first execution of the worker: %.0f ms%n", first);
    System.out.printf(Locale.ROOT, "docker run: %s%n", figures(docker));
    System.out.printf(Locale.ROOT, "submit to endedAt: %s%n", figures(ours));
    System.out.printf(Locale.ROOT, "median of %d ratios: %.2f%n", times, median(ratio));
  }

  private static double dockerRun(String image) throws IOException, InterruptedException {
    long began = System.nanoTime();
    Process process =
        new ProcessBuilder("docker", "run", "--rm", "--entrypoint", "/bin/sh", image, "-c", "echo hello")
            .redirectErrorStream(true)
            .start();
    byte[] output = process.getInputStream().readAllBytes();
    if (process.waitFor() != 0) {
      throw new IOException("docker run failed: " + new String(output, StandardCharsets.UTF_8));
    }
    return (System.nanoTime() - began) / 1e6;
  }

  private double execution(String project, String commit) throws IOException, InterruptedException {
    Instant began = Instant.now();
    String id =
        call("POST", "/api/v0/executions/", Map.of("project", project, "commit", commit, "step", "run"))
            .get("id")
            .asText();
    Instant limit = began.plus(LIMIT);
    while (true) {
      JsonNode detail = call("GET", "/api/v0/executions/" + id + "/", null);
      String status = detail.get("status").asText();
      if (status.equals("complete")) {
        return Duration.between(began, Instant.parse(detail.get("end_time").asText())).toNanos() / 1e6;
      }
      if (status.equals("error") || Instant.now().isAfter(limit)) {
        throw new IOException("the execution did not succeed: " + detail.toPrettyString());
      }
      Thread.sleep(100);
    }
  }

  private String upload(String project, String image) throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("bench");
    Files.writeString(
        folder.resolve("valohai.yaml"),
        "- step:\n    name: run\n    image: " + image + "\n    command: echo hello\n");
    Path archive = folder.resolve("code.tgz");
    Process tar =
        new ProcessBuilder("tar", "-C", folder.toString(), "-czf", archive.toString(), "valohai.yaml")
            .inheritIO()
            .start();
    if (tar.waitFor() != 0) {
      throw new IOException("tar failed");
    }
    String boundary = "bench-boundary";
    byte[] head =
        ("--"
                + boundary
                + "\r\nContent-Disposition: form-data; name=\"data\"; filename=\"data.tgz\"\r\n"
                + "Content-Type: application/gzip\r\n\r\n")
            .getBytes(StandardCharsets.UTF_8);
    byte[] tail = ("\r\n--" + boundary + "--\r\n").getBytes(StandardCharsets.UTF_8);
    HttpRequest request =
        request("/api/v0/projects/" + project + "/import-package/")
            .header("Content-Type", "multipart/form-data; boundary=" + boundary)
            .POST(HttpRequest.BodyPublishers.ofByteArrays(List.of(head, Files.readAllBytes(archive), tail)))
            .build();
    return send(request).get("identifier").asText();
  }

  private void awaitWorker() throws IOException, InterruptedException {
    Instant limit = Instant.now().plus(LIMIT);
    while (pid("WorkerMain").isEmpty()) {
      if (Instant.now().isAfter(limit)) {
        throw new IOException("no worker came");
      }
      Thread.sleep(200);
    }
    Thread.sleep(5_000);
  }

  private void print(String what, String word) throws IOException {
    Path process = pid(word).orElseThrow(() -> new IOException("no process of " + what));
    for (String line : Files.readAllLines(process.resolve("status"))) {
      if (line.startsWith("VmRSS:")) {
        System.out.printf(
            Locale.ROOT, "%s: %.0f MB resident%n", what, Long.parseLong(line.replaceAll("\\D", "")) / 1024.0);
      }
    }
  }

  private Optional<Path> pid(String word) throws IOException {
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : processes) {
        try {
          String line = Files.readString(process.resolve("cmdline"), StandardCharsets.ISO_8859_1);
          String environment = Files.readString(process.resolve("environ"), StandardCharsets.ISO_8859_1);
          if (line.contains("java\0") && line.contains(word) && (line + environment).contains(data.toString())) {
            return Optional.of(process);
          }
        } catch (IOException e) {
          // Gone meanwhile.
        }
      }
    }
    return Optional.empty();
  }

  private static String figures(double[] millis) {
    double[] sorted = millis.clone();
    Arrays.sort(sorted);
    return String.format(
        Locale.ROOT,
        "median %.0f ms, least %.0f, 90 %% below %.0f",
        median(millis),
        sorted[0],
        sorted[(int) Math.floor(sorted.length * 0.9) - (sorted.length > 1 ? 1 : 0)]);
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int half = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(address + path)).header("Authorization", "Token " + token);
  }

  private JsonNode call(String method, String path, Object body) throws IOException, InterruptedException {
    HttpRequest.Builder request = request(path);
    if (body == null) {
      request.method(method, HttpRequest.BodyPublishers.noBody());
    } else {
      request
          .header("Content-Type", "application/json")
          .method(method, HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body)));
    }
    return send(request.build());
  }

  private JsonNode send(HttpRequest request) throws IOException, InterruptedException {
    HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() >= 300) {
      throw new IOException(request.method() + " " + request.uri() + ": " + answer.statusCode() + " " + answer.body());
    }
    return JSON.readTree(answer.body());
  }
}
