package dev.millrace.it;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A real docker-registry on loopback, closed to all but one user. */
final class PrivateRegistry implements AutoCloseable {
  static final String USER = "puller";

  private final HttpClient http = HttpClient.newHttpClient();
  private final Process process;
  private final String host;
  private final String password;
  private final Path log;

  private PrivateRegistry(Process process, String host, String password, Path log) {
    this.process = process;
    this.host = host;
    this.password = password;
    this.log = log;
  }

  static boolean installed() {
    return Machine.has("docker-registry") && Machine.has("htpasswd");
  }

  static PrivateRegistry start(String password) throws Exception {
    Path folder = Files.createTempDirectory("it-registry");
    String host = "127.0.0.1:" + Distribution.freePort();
    // By standard input, so that the password is on no command line.
    Process hash =
        new ProcessBuilder("htpasswd", "-n", "-i", "-B", "-C", "4", USER)
            .redirectErrorStream(true)
            .start();
    hash.getOutputStream().write(password.getBytes(StandardCharsets.UTF_8));
    hash.getOutputStream().close();
    Path users = Files.write(folder.resolve("users"), hash.getInputStream().readAllBytes());
    Path config =
        Files.writeString(
            folder.resolve("config.yml"),
            """
            version: 0.1
            log: {level: info, accesslog: {disabled: false}}
            storage: {filesystem: {rootdirectory: %s}}
            http: {addr: %s}
            auth: {htpasswd: {realm: it, path: %s}}
            """
                .formatted(folder.resolve("data"), host, users));
    Path log = folder.resolve("log");
    Process process =
        new ProcessBuilder("docker-registry", "serve", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    PrivateRegistry registry = new PrivateRegistry(process, host, password, log);
    Machine.await(
        "the registry (its log is " + log + ")",
        Duration.ofSeconds(60),
        () ->
            registry.send(registry.request("/v2/")).statusCode() == 200
                ? Optional.of(true)
                : Optional.empty());
    return registry;
  }

  String host() {
    return host;
  }

  /** How many manifests were given out, which takes the password. */
  long manifestsRead() throws IOException {
    try (var lines = Files.lines(log)) {
      return lines
          .filter(l -> l.contains("msg=\"response completed\"") && l.contains("/manifests/"))
          .filter(l -> l.matches(".*http.request.method=(GET|HEAD) .*"))
          .filter(l -> l.contains("http.response.status=200"))
          .count();
    }
  }

  /** Pushes an image without layers; answers its name with the tag. */
  String push(String repository) throws Exception {
    byte[] config =
        "{\"architecture\":\"amd64\",\"os\":\"linux\"}".getBytes(StandardCharsets.UTF_8);
    String digest = digest(config);
    HttpResponse<String> begun =
        send(
            request("/v2/" + repository + "/blobs/uploads/")
                .POST(HttpRequest.BodyPublishers.noBody()));
    String location = begun.headers().firstValue("Location").orElseThrow();
    URI upload = URI.create("http://" + host).resolve(location);
    expect(
        201,
        send(
            authorized(
                    URI.create(
                        upload + (upload.getQuery() == null ? "?" : "&") + "digest=" + digest))
                .header("Content-Type", "application/octet-stream")
                .PUT(HttpRequest.BodyPublishers.ofByteArray(config))));
    String type = "application/vnd.oci.image.manifest.v1+json";
    String manifest =
        """
        {"schemaVersion":2,"mediaType":"%s","config":{"mediaType":\
        "application/vnd.oci.image.config.v1+json","digest":"%s","size":%d},"layers":[]}"""
            .formatted(type, digest, config.length);
    expect(
        201,
        send(
            request("/v2/" + repository + "/manifests/1")
                .header("Content-Type", type)
                .PUT(HttpRequest.BodyPublishers.ofString(manifest))));
    return host + "/" + repository + ":1";
  }

  private static void expect(int status, HttpResponse<String> answer) {
    if (answer.statusCode() != status) {
      throw new AssertionError("the registry answered " + answer.statusCode() + answer.body());
    }
  }

  private HttpRequest.Builder request(String path) {
    return authorized(URI.create("http://" + host + path));
  }

  private HttpRequest.Builder authorized(URI uri) {
    String login =
        Base64.getEncoder()
            .encodeToString((USER + ":" + password).getBytes(StandardCharsets.UTF_8));
    return HttpRequest.newBuilder(uri).header("Authorization", "Basic " + login);
  }

  private HttpResponse<String> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static String digest(byte[] bytes) throws Exception {
    return "sha256:" + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(20, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }
}
