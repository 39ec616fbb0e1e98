package dev.millrace.registry.docker;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.millrace.spi.common.CallContext;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.common.Secret;
import dev.millrace.spi.registry.ImageDigest;
import dev.millrace.spi.registry.ImageRef;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;

/** Asks registries for manifests, logging in as they ask for it. */
final class RegistryClient {
  private static final List<String> MANIFESTS =
      List.of(
          "application/vnd.oci.image.index.v1+json",
          "application/vnd.docker.distribution.manifest.list.v2+json",
          "application/vnd.oci.image.manifest.v1+json",
          "application/vnd.docker.distribution.manifest.v2+json");
  private static final String DIGEST = "Docker-Content-Digest";
  private static final int MAX_MANIFEST = 4 << 20;
  private static final int MAX_TOKEN = 1 << 20;
  private static final int MAX_HOPS = 3;
  private static final Duration LONGEST = Duration.ofSeconds(30);

  private final RegistryHosts hosts;
  private final String username;
  private final Secret password;
  private final ExecutorService threads;
  private final HttpClient http;
  private final JsonFactory json = new JsonFactory();

  RegistryClient(RegistryHosts hosts, String username, Secret password, SSLContext trust) {
    this.hosts = hosts;
    this.username = username;
    this.password = password;
    this.threads =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "registry-http");
              thread.setDaemon(true);
              return thread;
            });
    this.http =
        HttpClient.newBuilder()
            .executor(threads)
            .sslContext(trust)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(Duration.ofSeconds(10))
            .build();
  }

  void close() {
    threads.shutdownNow();
  }

  /** The digest that an image's tag, or its own digest, means at its registry now. */
  ImageDigest digest(ImageRef image, CallContext call) throws PluginException {
    String reference = image.digest().map(ImageDigest::toString).or(image::tag).orElse("latest");
    URI address = hosts.address(image, reference);
    HttpResponse<InputStream> head = ask("HEAD", address, image, call);
    discard(head);
    Optional<String> told = head.headers().firstValue(DIGEST);
    ImageDigest found = told.isPresent() ? parse(image, told.get()) : hashed(address, image, call);
    if (image.digest().isPresent() && !image.digest().get().equals(found)) {
      throw RegistryErrors.odd(image.host(), "another digest than the one asked for");
    }
    return found;
  }

  private static ImageDigest parse(ImageRef image, String text) throws PluginException {
    try {
      return ImageDigest.parse(text.strip());
    } catch (IllegalArgumentException e) {
      throw RegistryErrors.odd(image.host(), "its digest of " + image + " is malformed");
    }
  }

  /** For a registry that does not say the digest: it is the hash of the manifest. */
  private ImageDigest hashed(URI address, ImageRef image, CallContext call) throws PluginException {
    try (InputStream body = ask("GET", address, image, call).body()) {
      byte[] manifest = body.readNBytes(MAX_MANIFEST + 1);
      if (manifest.length > MAX_MANIFEST) {
        throw RegistryErrors.odd(image.host(), "a manifest of more than 4 MiB");
      }
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      return new ImageDigest("sha256", HexFormat.of().formatHex(sha256.digest(manifest)));
    } catch (IOException e) {
      throw RegistryErrors.failed(image.host(), e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }

  /** One request, repeated with a login where the registry asks for one; only 200 comes back. */
  private HttpResponse<InputStream> ask(
      String method, URI address, ImageRef image, CallContext call) throws PluginException {
    HttpResponse<InputStream> response = follow(method, address, image, Optional.empty(), call);
    if (response.statusCode() == 401) {
      Optional<Challenge> challenge =
          Challenge.of(response.headers().allValues("WWW-Authenticate"));
      Optional<Secret> login =
          challenge.isPresent() ? login(challenge.get(), image, call) : Optional.empty();
      if (login.isPresent()) {
        discard(response);
        response = follow(method, address, image, login, call);
      }
    }
    if (response.statusCode() != 200) {
      discard(response);
      throw RegistryErrors.refused(image, username.isEmpty(), response);
    }
    return response;
  }

  private HttpResponse<InputStream> follow(
      String method, URI address, ImageRef image, Optional<Secret> login, CallContext call)
      throws PluginException {
    URI at = address;
    for (int hop = 0; hop <= MAX_HOPS; hop++) {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(at).method(method, HttpRequest.BodyPublishers.noBody());
      MANIFESTS.forEach(type -> request.header("Accept", type));
      // A login is for the registry itself, not for where it sends us.
      if (login.isPresent() && sameOrigin(at, address)) {
        request.header("Authorization", login.get().reveal());
      }
      HttpResponse<InputStream> response = send(request, image.host(), call);
      int status = response.statusCode();
      Optional<String> location = response.headers().firstValue("Location");
      if (status < 300 || status >= 400 || location.isEmpty()) {
        return response;
      }
      discard(response);
      at = at.resolve(location.get());
      if (!hosts.safe(at)) {
        throw RegistryErrors.odd(image.host(), "it redirects to an address without HTTPS");
      }
    }
    throw RegistryErrors.odd(image.host(), "it redirects again and again");
  }

  private static boolean sameOrigin(URI a, URI b) {
    return a.getScheme().equalsIgnoreCase(b.getScheme())
        && a.getAuthority().equalsIgnoreCase(b.getAuthority());
  }

  private Optional<Secret> login(Challenge challenge, ImageRef image, CallContext call)
      throws PluginException {
    if (challenge.isBearer()) {
      return Optional.of(token(challenge, image, call));
    }
    return username.isEmpty() ? Optional.empty() : Optional.of(basic());
  }

  private Secret basic() {
    byte[] pair = (username + ":" + password.reveal()).getBytes(StandardCharsets.UTF_8);
    return Secret.of("Basic " + Base64.getEncoder().encodeToString(pair));
  }

  private Secret token(Challenge challenge, ImageRef image, CallContext call)
      throws PluginException {
    Map<String, String> parameters = challenge.parameters();
    String realm = parameters.getOrDefault("realm", "");
    // Never what the registry suggests: a token for this image, to pull it.
    String scope = "repository:" + image.repository() + ":pull";
    String query = "scope=" + encoded(scope);
    if (parameters.containsKey("service")) {
      query = "service=" + encoded(parameters.get("service")) + "&" + query;
    }
    URI address =
        TokenAddress.of(realm + (realm.contains("?") ? "&" : "?") + query, image, hosts).uri();
    HttpRequest.Builder request = HttpRequest.newBuilder(address).GET();
    if (!username.isEmpty()) {
      request.header("Authorization", basic().reveal());
    }
    HttpResponse<InputStream> response = send(request, image.host(), call);
    try (InputStream body = response.body()) {
      if (response.statusCode() != 200) {
        throw RegistryErrors.refused(image, username.isEmpty(), response);
      }
      return Secret.of("Bearer " + tokenIn(body.readNBytes(MAX_TOKEN), image));
    } catch (IOException e) {
      throw RegistryErrors.failed(image.host(), e);
    }
  }

  private String tokenIn(byte[] body, ImageRef image) throws IOException, PluginException {
    try (JsonParser parser = json.createParser(body)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        if (name.equals("token") || name.equals("access_token")) {
          return parser.getValueAsString("");
        }
        parser.skipChildren();
      }
    }
    throw RegistryErrors.odd(image.host(), "its token service gave no token");
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private HttpResponse<InputStream> send(HttpRequest.Builder request, String host, CallContext call)
      throws PluginException {
    Duration remaining = call.remaining();
    if (remaining.isZero()) {
      throw new PluginException(
          PluginException.Kind.UNAVAILABLE, "No time was left to ask registry " + host);
    }
    request.timeout(remaining.compareTo(LONGEST) < 0 ? remaining : LONGEST);
    try {
      return http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    } catch (IOException e) {
      throw RegistryErrors.failed(host, e);
    } catch (InterruptedException e) {
      throw RegistryErrors.interrupted(host, e);
    }
  }

  private static void discard(HttpResponse<InputStream> response) {
    try {
      response.body().close();
    } catch (IOException e) {
      // The answer is not wanted any more, so neither is its failure.
      return;
    }
  }
}
