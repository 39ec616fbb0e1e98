package dev.millrace.registry.docker;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** A real docker-registry on loopback with a folder of its own. */
final class RegistryServer implements AutoCloseable {
  static final String USER = "puller";
  static final String PASSWORD = "pull-me-9f3b";
  private static final String HTPASSWD =
      "puller:$2b$04$abcdefghijklmnopqrstuu4SDruVxTPFbsN34sZrG/dGzOHmF7D3q\n";
  private static final List<Path> PLACES =
      List.of(Path.of("/usr/bin/docker-registry"), Path.of("/usr/local/bin/docker-registry"));

  private final Process process;
  private final String host;
  private final String authorization;

  private RegistryServer(Process process, String host, String authorization) {
    this.process = process;
    this.host = host;
    this.authorization = authorization;
  }

  /** Plain HTTP; with the login above, or open to everyone. */
  static RegistryServer start(Path folder, boolean login) throws Exception {
    RegistryServer server = launch(folder, login ? htpasswd(folder) : "", login ? basic() : "", "");
    server.awaitAnswer(HttpClient.newHttpClient(), "http");
    return server;
  }

  /** Plain HTTP; takes the tokens of a service whose certificate it is given. */
  static RegistryServer startToken(Path folder, TokenService tokens) throws Exception {
    String auth =
        "auth:\n  token:\n    realm: "
            + tokens.realm()
            + "\n    service: registry\n    issuer: it\n    rootcertbundle: "
            + tokens.certificate()
            + "\n";
    RegistryServer server = launch(folder, auth, "Bearer " + tokens.token("pull,push"), "");
    server.awaitAnswer(HttpClient.newHttpClient(), "http");
    return server;
  }

  /** HTTPS with this certificate and key, open to everyone. */
  static RegistryServer startTls(Path folder, Path certificate, Path key) throws Exception {
    String tls = "  tls:\n    certificate: " + certificate + "\n    key: " + key + "\n";
    RegistryServer server = launch(folder, "", "", tls);
    HttpClient client =
        HttpClient.newBuilder().sslContext(Trust.of(certificate.toString())).build();
    server.awaitAnswer(client, "https");
    return server;
  }

  private static String htpasswd(Path folder) throws IOException {
    Path htpasswd = Files.writeString(folder.resolve("htpasswd"), HTPASSWD);
    return "auth:\n  htpasswd:\n    realm: test\n    path: " + htpasswd + "\n";
  }

  private static String basic() {
    byte[] pair = (USER + ":" + PASSWORD).getBytes(StandardCharsets.UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(pair);
  }

  private static RegistryServer launch(Path folder, String auth, String authorization, String tls)
      throws Exception {
    Path binary = PLACES.stream().filter(Files::isExecutable).findFirst().orElse(null);
    if (binary == null) {
      assertTrue(
          !"true".equals(System.getenv("CI")),
          "docker-registry is missing: apt-get install docker-registry");
      Assumptions.abort("docker-registry is missing: apt-get install docker-registry");
      throw new IllegalStateException();
    }
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    String host = "127.0.0.1:" + port;
    Path config =
        Files.writeString(
            folder.resolve("config.yml"),
            "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: "
                + folder.resolve("data")
                + "\nhttp:\n  addr: "
                + host
                + "\n"
                + tls
                + auth);
    Process process =
        new ProcessBuilder(binary.toString(), "serve", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("log").toFile())
            .start();
    return new RegistryServer(process, host, authorization);
  }

  private void awaitAnswer(HttpClient client, String scheme) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(scheme + "://" + host + "/v2/")).build();
    while (true) {
      try {
        client.send(request, HttpResponse.BodyHandlers.discarding());
        return;
      } catch (IOException e) {
        if (!process.isAlive() || System.nanoTime() > deadline) {
          close();
          throw e;
        }
        process.waitFor(50, TimeUnit.MILLISECONDS);
      }
    }
  }

  String host() {
    return host;
  }

  /** Pushes an image of one empty layer and answers its manifest's digest. */
  String push(String repository, String tag) throws Exception {
    byte[] config =
        "{\"architecture\":\"amd64\",\"os\":\"linux\"}".getBytes(StandardCharsets.UTF_8);
    String configDigest = blob(repository, config);
    String manifest =
        """
        {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",\
        "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%d},\
        "layers":[]}"""
            .formatted(configDigest, config.length);
    HttpResponse<String> answer =
        send(
            request("/v2/" + repository + "/manifests/" + tag)
                .header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
                .PUT(HttpRequest.BodyPublishers.ofString(manifest)));
    assertTrue(answer.statusCode() == 201, answer.body());
    return sha256(manifest.getBytes(StandardCharsets.UTF_8));
  }

  private String blob(String repository, byte[] bytes) throws Exception {
    HttpResponse<String> started =
        send(
            request("/v2/" + repository + "/blobs/uploads/")
                .POST(HttpRequest.BodyPublishers.noBody()));
    String location = started.headers().firstValue("Location").orElseThrow();
    URI upload = URI.create("http://" + host).resolve(location);
    String digest = sha256(bytes);
    String separator = upload.getQuery() == null ? "?" : "&";
    HttpResponse<String> done =
        send(
            authorized(HttpRequest.newBuilder(URI.create(upload + separator + "digest=" + digest)))
                .header("Content-Type", "application/octet-stream")
                .PUT(HttpRequest.BodyPublishers.ofByteArray(bytes)));
    assertTrue(done.statusCode() == 201, done.body());
    return digest;
  }

  private HttpRequest.Builder request(String path) {
    return authorized(HttpRequest.newBuilder(URI.create("http://" + host + path)));
  }

  private HttpRequest.Builder authorized(HttpRequest.Builder request) {
    if (!authorization.isEmpty()) {
      request.header("Authorization", authorization);
    }
    return request;
  }

  private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  static String sha256(byte[] bytes) throws Exception {
    return "sha256:" + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }
}
