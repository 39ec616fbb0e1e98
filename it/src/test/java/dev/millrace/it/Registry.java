package dev.millrace.it;

import java.io.IOException;
import java.io.UncheckedIOException;
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
import java.util.Optional;

/** A real docker-registry on loopback that answers nobody without a login. */
final class Registry implements AutoCloseable {
  private static final String USER = "puller";
  private static final String PASSWORD = "pull-me-9f3b";
  private static final String HTPASSWD =
      "puller:$2b$04$abcdefghijklmnopqrstuu4SDruVxTPFbsN34sZrG/dGzOHmF7D3q\n";

  private final Process process;
  private final Path folder;
  private final String host;
  private final List<String> images = new ArrayList<>();

  private Registry(Process process, Path folder, String host) {
    this.process = process;
    this.folder = folder;
    this.host = host;
  }

  static Registry start() {
    try {
      Path folder = Files.createTempDirectory("it-registry");
      String host = "127.0.0.1:" + Distribution.freePort();
      Path htpasswd = Files.writeString(folder.resolve("htpasswd"), HTPASSWD);
      Path config =
          Files.writeString(
              folder.resolve("config.yml"),
              "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: "
                  + folder.resolve("data")
                  + "\nhttp:\n  addr: "
                  + host
                  + "\nauth:\n  htpasswd:\n    realm: it\n    path: "
                  + htpasswd
                  + "\n");
      Process process =
          new ProcessBuilder("docker-registry", "serve", config.toString())
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("log").toFile())
              .start();
      Registry registry = new Registry(process, folder, host);
      HttpRequest ping = HttpRequest.newBuilder(URI.create("http://" + host + "/v2/")).build();
      Machine.await(
          "the registry",
          Duration.ofSeconds(30),
          () ->
              HttpClient.newHttpClient()
                          .send(ping, HttpResponse.BodyHandlers.discarding())
                          .statusCode()
                      == 401
                  ? Optional.of(true)
                  : Optional.empty());
      return registry;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String host() {
    return host;
  }

  /** The account by which the master may ask this registry. */
  Map<String, Object> account() {
    return Map.of(
        "hosts", List.of(host), "username", USER, ".password", PASSWORD, "plain.http", true);
  }

  /** Makes the tools image and pushes it; afterwards only the registry has it. Its full name. */
  String pushTools(String name) {
    String image = host + "/" + name;
    images.add(image);
    sh(Machine.repository() + "/worker/src/test/docker/tools-image.sh " + image);
    Map<String, String> login = Map.of("DOCKER_CONFIG", folder.resolve("login").toString());
    sh("echo " + PASSWORD + " | docker login -u " + USER + " --password-stdin " + host, login);
    sh("docker push -q " + image, login);
    sh("docker rmi -f " + image);
    Machine.Result stranger =
        Machine.run(
            folder,
            Map.of("DOCKER_CONFIG", folder.resolve("none").toString()),
            Duration.ofMinutes(1),
            List.of("docker", "pull", "-q", image));
    if (stranger.code() == 0) {
      throw new AssertionError("the registry serves strangers");
    }
    return image;
  }

  /** Whether the engine has the image by the registry's digest. */
  boolean pulledByDigest() {
    return sh("docker image ls --digests --format '{{.Repository}} {{.Digest}}'")
        .lines()
        .anyMatch(line -> line.startsWith(host) && line.contains("sha256:"));
  }

  private String sh(String script) {
    return sh(script, Map.of());
  }

  private String sh(String script, Map<String, String> environment) {
    return Machine.run(folder, environment, Duration.ofMinutes(2), List.of("sh", "-c", script))
        .expectSuccess();
  }

  @Override
  public void close() {
    sh(
        "docker image ls --digests --format '{{.Repository}} {{.ID}}' | grep '^"
            + host
            + "/' | cut -d' ' -f2 | sort -u | xargs -r docker rmi -f");
    process.destroy();
  }
}
