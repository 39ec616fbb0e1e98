package dev.millrace.worker.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.model.Info;
import com.github.dockerjava.core.DockerClientImpl;
import com.github.dockerjava.zerodep.ZerodepDockerHttpClient;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The engine behind one Unix socket. Its client is loaded with the first call that needs it. */
final class Engine {
  private static final Logger LOG = LoggerFactory.getLogger(Engine.class);
  private static final String SCHEME = "unix://";
  private static final int LOOK_MILLIS = 2_000;
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final Duration ANSWER = Duration.ofSeconds(120);
  private static final int MOST_CONNECTIONS = 2_048;
  private static final long RETRY_MILLIS = 500;

  private final String address;
  private @Nullable DockerClient calls;
  private @Nullable DockerClient streams;
  private @Nullable Traits traits;

  /** What of an engine decides how a run's user is written. */
  record Traits(boolean rootless, boolean remapped) {}

  /** One request; a refusal of the engine comes as a {@link DockerException}. */
  @FunctionalInterface
  interface Call<T> {
    T with(DockerClient client);
  }

  /** Only an engine at {@code unix:///path} ever answers: runs share folders with this machine. */
  Engine(String address) {
    this.address = address;
    if (!address.startsWith(SCHEME + "/")) {
      LOG.warn("engine={} is not used: set DOCKER_HOST or --docker-host to unix:///path", address);
    }
  }

  String address() {
    return address;
  }

  /** Whether an engine answers now; asks without the client, so that an idle worker stays small. */
  boolean answers() {
    if (!address.startsWith(SCHEME + "/")) {
      return false;
    }
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        Selector selector = Selector.open()) {
      channel.connect(UnixDomainSocketAddress.of(address.substring(SCHEME.length())));
      channel.write(
          ByteBuffer.wrap(
              "GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));
      channel.configureBlocking(false);
      channel.register(selector, SelectionKey.OP_READ);
      if (selector.select(LOOK_MILLIS) == 0) {
        return false;
      }
      ByteBuffer head = ByteBuffer.allocate(12);
      int read = channel.read(head);
      String status = new String(head.array(), 0, Math.max(0, read), StandardCharsets.US_ASCII);
      return status.startsWith("HTTP/1.") && status.endsWith(" 200");
    } catch (IOException e) {
      return false;
    }
  }

  /** A short request. IOException when the engine does not answer. */
  <T> T call(Call<T> call) throws IOException {
    return mapped(call, calls());
  }

  /** A request whose answer may come late, or in many parts. */
  <T> T stream(Call<T> call) throws IOException {
    return mapped(call, streams());
  }

  /** Like {@link #call}, asked again for so long while the engine is away. */
  <T> T patiently(Duration patience, BooleanSupplier cancelled, Call<T> call)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    while (true) {
      try {
        return call(call);
      } catch (IOException e) {
        if (cancelled.getAsBoolean() || System.nanoTime() - end >= 0) {
          throw e;
        }
        LOG.debug("engine asked again error={}", e.toString());
      }
      Thread.sleep(RETRY_MILLIS);
    }
  }

  /** Asked once; an engine does not change them while it runs. */
  synchronized Traits traits() throws IOException {
    Traits known = traits;
    if (known == null) {
      Info info = call(client -> client.infoCmd().exec());
      List<String> options =
          info.getSecurityOptions() == null ? List.of() : info.getSecurityOptions();
      known =
          new Traits(
              options.stream().anyMatch(o -> o.contains("rootless")),
              options.stream().anyMatch(o -> o.contains("userns")));
      traits = known;
      LOG.info(
          "engine={} version={} rootless={} remapped={}",
          address,
          info.getServerVersion(),
          known.rootless(),
          known.remapped());
    }
    return known;
  }

  private <T> T mapped(Call<T> call, DockerClient client) throws IOException {
    try {
      return call.with(client);
    } catch (DockerException e) {
      throw e;
    } catch (RuntimeException e) {
      if (e.getCause() instanceof IOException cause) {
        throw new IOException("the engine at " + address + " does not answer: " + cause, e);
      }
      throw e;
    }
  }

  private synchronized DockerClient calls() {
    DockerClient client = calls;
    if (client == null) {
      client = client(ANSWER);
      calls = client;
    }
    return client;
  }

  private synchronized DockerClient streams() {
    DockerClient client = streams;
    if (client == null) {
      client = client(Duration.ZERO);
      streams = client;
    }
    return client;
  }

  private DockerClient client(Duration answer) {
    URI host = URI.create(address);
    ZerodepDockerHttpClient.Builder transport =
        new ZerodepDockerHttpClient.Builder()
            .dockerHost(host)
            .maxConnections(MOST_CONNECTIONS)
            .connectionTimeout(CONNECT);
    if (!answer.isZero()) {
      transport.responseTimeout(answer);
    }
    return DockerClientImpl.getInstance(new EngineConfig(host), transport.build());
  }
}
