package dev.millrace.api.http;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.apache.felix.http.jetty.ConnectorFactory;
import org.eclipse.jetty.io.AbstractEndPoint;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.LocalConnector;
import org.eclipse.jetty.server.Server;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Cuts connections whose clients send headers or a body, or take an answer, so slowly that they
 * only hold it open. Those that send nothing at all are cut by the server's own timeout. It is told
 * of the server by being asked for a connector; the one that it gives listens nowhere.
 */
@Component(service = ConnectorFactory.class, immediate = true)
public final class SlowConnections implements ConnectorFactory {
  private static final Logger log = LoggerFactory.getLogger(SlowConnections.class);

  private final Map<EndPoint, SlowSender> seen = new HashMap<>();
  private final Map<EndPoint, SlowReader> readers = new HashMap<>();
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          body -> {
            Thread thread = new Thread(body, "millrace-slow-connections");
            thread.setDaemon(true);
            return thread;
          });
  private final ScheduledFuture<?> looking;
  private volatile Connector[] connectors = {};

  @Activate
  public SlowConnections() {
    looking = clock.scheduleWithFixedDelay(this::look, 1, 1, TimeUnit.SECONDS);
  }

  @Deactivate
  void stop() {
    looking.cancel(false);
    clock.shutdownNow();
  }

  @Override
  public Connector createConnector(Server server) {
    connectors = server.getConnectors();
    return new LocalConnector(server);
  }

  private void look() {
    try {
      cutSlowOnes();
      cutSlowReaders();
    } catch (RuntimeException e) {
      // A connection that ends meanwhile; the next look comes.
      log.debug("slow connections were not looked at", e);
    }
  }

  private void cutSlowOnes() {
    Map<EndPoint, SlowSender> now = new HashMap<>();
    long second = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime());
    for (Connector connector : connectors) {
      for (EndPoint end : connector.getConnectedEndPoints()) {
        Connection connection = http(end.getConnection());
        if (connection == null) {
          continue;
        }
        SlowSender sender = seen.getOrDefault(end, SlowSender.FRESH);
        sender = sender.next(connection.getMessagesIn(), connection.getBytesIn(), second);
        if (sender.tooSlow(second)) {
          log.warn(
              "connection cut, its client sends too slowly peer={}", end.getRemoteSocketAddress());
          end.close();
        } else {
          now.put(end, sender);
        }
      }
    }
    seen.clear();
    seen.putAll(now);
  }

  private void cutSlowReaders() {
    Map<EndPoint, SlowReader> now = new HashMap<>();
    long second = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime());
    for (Connector connector : connectors) {
      for (EndPoint end : connector.getConnectedEndPoints()) {
        Connection connection = http(end.getConnection());
        if (connection != null && end instanceof AbstractEndPoint writing) {
          boolean waitedFor = writing.getWriteFlusher().isPending();
          now.put(
              end,
              readers
                  .getOrDefault(end, SlowReader.FRESH)
                  .next(waitedFor, connection.getBytesOut(), second));
        }
      }
    }
    long slow =
        now.values().stream()
            .filter(reader -> reader.slowFor(SlowReader.SHORT_DEADLINE_SECONDS, second))
            .count();
    long seconds =
        slow > SlowReader.MOST ? SlowReader.SHORT_DEADLINE_SECONDS : SlowReader.DEADLINE_SECONDS;
    readers.clear();
    now.forEach(
        (end, reader) -> {
          if (reader.slowFor(seconds, second)) {
            log.warn(
                "connection cut, its client takes the answer too slowly peer={} slow={}",
                end.getRemoteSocketAddress(),
                slow);
            end.close();
          } else {
            readers.put(end, reader);
          }
        });
  }

  private static @Nullable Connection http(@Nullable Connection connection) {
    return connection instanceof SslConnection tls
        ? tls.getSslEndPoint().getConnection()
        : connection;
  }
}
