import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The part of ./quickstart that talks to the running Millrace: makes a user and a project, runs the example's two steps,
 * follows their logs, downloads and verifies their outputs, and prints what to type next. Run as a source file; needs Jackson
 * on the class path. Arguments: address, file of the first administrator, folder of the example, folder to work in, start time.
 */
public final class Quickstart {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration LIMIT = Duration.ofMinutes(10);

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
  private final String address;
  private final Path state;
  private final long began;
  private String token;

  private Quickstart(String address, String token, Path state, long began) {
    this.address = address;
    this.token = token;
    this.state = state;
    this.began = began;
  }

  /** Something is not as it should be; the message is for the user. */
  private static final class Wrong extends Exception {
    Wrong(String message) {
      super(message);
    }
  }

  public static void main(String[] arguments) throws Exception {
    JsonNode admin = JSON.readTree(Path.of(arguments[1]).toFile());
    Quickstart quickstart =
        new Quickstart(
            arguments[0],
            admin.get("token").asText(),
            Path.of(arguments[3]),
            Long.parseLong(arguments[4]));
    try {
      quickstart.run(Path.of(arguments[2]));
    } catch (Wrong e) {
      System.err.println("quickstart: " + e.getMessage());
      System.exit(1);
    }
  }

  private void run(Path example) throws Wrong, IOException, InterruptedException {
    String user = makeUser();
    String project = call("POST", "/api/v0/projects/", Map.of("name", "digits")).get("id").asText();
    Path repository = makeRepository(example);
    String commit = fetch(project, repository);
    say("user " + user + " and project digits made, commit " + commit.substring(0, 8) + " fetched");

    JsonNode train = execute(project, commit, "train", Map.of());
    List<JsonNode> outputs = download(train);
    JsonNode model =
        outputs.stream()
            .filter(d -> d.get("name").asText().equals("model.csv"))
            .findFirst()
            .orElseThrow(() -> new Wrong("the train step left no model.csv"));
    JsonNode evaluate =
        execute(project, commit, "evaluate", Map.of("model", List.of("datum://" + model.get("id").asText())));
    download(evaluate);
    double accuracy = evaluate.at("/cumulative_metadata/accuracy").asDouble(0);
    if (accuracy < 0.8) {
      throw new Wrong("the model reads only " + accuracy + " of the held-out digits; it should read over 0.8");
    }
    say("the model reads " + Math.round(accuracy * 1000) / 10.0 + " % of the held-out digits");
    goOn(user, example, example.resolve("../../it/clients.txt").normalize());
  }

  /** Makes the user whose token is printed; from here on every call is theirs. */
  private String makeUser() throws Wrong, IOException, InterruptedException {
    byte[] random = new byte[18];
    new SecureRandom().nextBytes(random);
    String password = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    JsonNode user = call("POST", "/api/v0/users/", Map.of("username", "quickstart", "password", password));
    JsonNode made =
        call("POST", "/api/v0/tokens/", Map.of("user", user.get("id").asInt(), "name", "quickstart"));
    token = made.get("token").asText();
    Path login = state.resolve("login.json");
    Files.deleteIfExists(login);
    Files.createFile(login, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    JSON.writerWithDefaultPrettyPrinter()
        .writeValue(
            login.toFile(),
            Map.of("address", address, "username", "quickstart", "password", password, "token", token));
    return user.get("username").asText();
  }

  /** A Git repository of the example's files, as a team would have one. */
  private Path makeRepository(Path example) throws Wrong, IOException, InterruptedException {
    Path repository = state.resolve("repository");
    clear(repository);
    try (Stream<Path> files = Files.walk(example)) {
      for (Path file : files.toList()) {
        Files.copy(file, repository.resolve(example.relativize(file).toString()));
      }
    }
    git(repository, "init", "-q");
    git(repository, "add", "-A");
    git(repository, "commit", "-q", "-m", "The example");
    return repository;
  }

  private String fetch(String project, Path repository) throws Wrong, IOException, InterruptedException {
    call(
        "PUT",
        "/api/v0/projects/" + project + "/repository/",
        Map.of("url", repository.toString(), "ref", "main"));
    JsonNode fetched = call("POST", "/api/v0/projects/" + project + "/fetch/", Map.of());
    if (fetched.at("/commits").isEmpty()) {
      throw new Wrong("the fetch found no commit: " + fetched);
    }
    return fetched.at("/commits/0/identifier").asText();
  }

  /** Runs a step to its end, printing log lines as they come. */
  private JsonNode execute(String project, String commit, String step, Map<String, Object> inputs)
      throws Wrong, IOException, InterruptedException {
    JsonNode made =
        call(
            "POST",
            "/api/v0/executions/",
            Map.of("project", project, "commit", commit, "step", step, "inputs", inputs));
    String url = "/api/v0/executions/" + made.get("id").asText() + "/";
    say("execution #" + made.get("counter").asInt() + ", step " + step + ": submitted");
    Set<String> shown = new HashSet<>();
    Instant end = Instant.now().plus(LIMIT);
    String waiting = "";
    while (Instant.now().isBefore(end)) {
      JsonNode events = call("GET", url + "events/?limit=1000", null);
      JsonNode detail = call("GET", url, null);
      for (JsonNode event : events.get("events")) {
        String key = event.get("time").asText() + event.get("stream").asText();
        if (shown.add(key)) {
          System.out.println("        " + event.get("message").asText());
        }
      }
      String status = detail.get("status").asText();
      switch (status) {
        case "complete" -> {
          say(step + ": complete");
          return detail;
        }
        case "error", "crashed", "stopped" ->
            throw new Wrong(step + " ended as " + status + ": " + detail.path("status_detail").asText());
        default -> {
          String reason = detail.path("status_detail").asText();
          if (status.equals("queued") && !reason.isBlank() && !reason.equals(waiting)) {
            waiting = reason;
            say("waiting: " + reason);
          }
          Thread.sleep(300);
        }
      }
    }
    throw new Wrong(step + " did not end within " + LIMIT.toMinutes() + " minutes");
  }

  /** Downloads the outputs of an execution and compares each with its recorded SHA-256. */
  private List<JsonNode> download(JsonNode execution) throws Wrong, IOException, InterruptedException {
    Path folder = state.resolve("outputs").resolve(execution.get("counter").asText());
    clear(folder);
    JsonNode list =
        call("GET", "/api/v0/data/?output_execution=" + execution.get("id").asText() + "&limit=5000", null);
    List<JsonNode> outputs = new ArrayList<>();
    for (JsonNode datum : list.get("results")) {
      outputs.add(datum);
      Path file = folder.resolve(datum.get("name").asText()).normalize();
      if (!file.startsWith(folder)) {
        throw new Wrong("an output's name leads out of its folder: " + datum.get("name"));
      }
      Files.createDirectories(file.getParent());
      String url = call("GET", "/api/v0/data/" + datum.get("id").asText() + "/download/", null).get("url").asText();
      HttpResponse<Path> answer =
          http.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofFile(file));
      String sha256 = sha256(file);
      if (answer.statusCode() != 200 || !sha256.equals(datum.get("sha256").asText())) {
        throw new Wrong(datum.get("name").asText() + " came back with other bytes than were recorded");
      }
      System.out.printf("        %s  %s (%d bytes)%n", sha256, datum.get("name").asText(), Files.size(file));
    }
    if (outputs.isEmpty()) {
      throw new Wrong("execution #" + execution.get("counter") + " has no outputs");
    }
    return outputs;
  }

  /** Prints what to type next; the copy is outside this repository because vh packages the enclosing Git work tree. */
  private void goOn(String user, Path example, Path pins) {
    System.out.printf(
        """

          address:  %s
          user:     %s (password in .quickstart/login.json)
          token:    %s

          While it runs (./quickstart --stay), the example by hand, with the client vh (Python 3.10 or newer):

            python3 -m venv ~/millrace-vh && ~/millrace-vh/bin/pip install -r '%s'
            export PATH=~/millrace-vh/bin:$PATH
            cp -RT '%s' ~/millrace-digits && cd ~/millrace-digits

            vh login --host %s --token %s
            vh project create -n demo -y
            vh exec run --adhoc train
            vh exec logs latest --stream

        """,
        address, user, token, pins, example, address, token);
  }

  private JsonNode call(String method, String path, Object body) throws Wrong, IOException, InterruptedException {
    HttpRequest.BodyPublisher publisher =
        body == null
            ? HttpRequest.BodyPublishers.noBody()
            : HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body));
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(address + path))
            .timeout(Duration.ofSeconds(60))
            .header("Authorization", "Token " + token)
            .header("Content-Type", "application/json")
            .method(method, publisher)
            .build();
    HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() >= 300) {
      throw new Wrong(method + " " + path + " answered " + answer.statusCode() + ": " + answer.body());
    }
    return JSON.readTree(answer.body());
  }

  /** Runs Git without anybody's settings: signatures and hooks of the user have no part in this. */
  private static void git(Path repository, String... arguments)
      throws Wrong, IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of("git", "-c", "user.name=quickstart", "-c", "user.email=quickstart@localhost"));
    command.addAll(List.of("-c", "init.defaultBranch=main"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).directory(repository.toFile()).inheritIO();
    builder.environment().keySet().removeIf(name -> name.startsWith("GIT_"));
    builder.environment().put("GIT_CONFIG_GLOBAL", "/dev/null");
    builder.environment().put("GIT_CONFIG_NOSYSTEM", "1");
    if (builder.start().waitFor() != 0) {
      throw new Wrong("failed: " + String.join(" ", command));
    }
  }

  private static void clear(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private static String sha256(Path file) throws IOException {
    try (var in = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] buffer = new byte[1 << 16];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private void say(String text) {
    System.out.printf("[%3ds] %s%n", Instant.now().getEpochSecond() - began, text);
  }
}
