package dev.millrace.source.git;

import dev.millrace.engine.source.SourceAddress.Kind;
import dev.millrace.engine.source.SourceLogin;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Proxy;
import java.net.URL;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLContext;
import org.apache.http.client.config.RequestConfig;
import org.apache.http.config.RegistryBuilder;
import org.apache.http.config.SocketConfig;
import org.apache.http.conn.socket.ConnectionSocketFactory;
import org.apache.http.conn.socket.PlainConnectionSocketFactory;
import org.apache.http.conn.ssl.SSLConnectionSocketFactory;
import org.apache.http.impl.client.CloseableHttpClient;
import org.apache.http.impl.client.HttpClients;
import org.apache.http.impl.conn.PoolingHttpClientConnectionManager;
import org.eclipse.jgit.transport.CredentialItem;
import org.eclipse.jgit.transport.CredentialsProvider;
import org.eclipse.jgit.transport.TransportHttp;
import org.eclipse.jgit.transport.URIish;
import org.eclipse.jgit.transport.http.HttpConnection;
import org.eclipse.jgit.transport.http.HttpConnectionFactory;
import org.eclipse.jgit.transport.http.apache.HttpClientConnection;

/**
 * One fetch's way to an HTTP server: every connection, also after a redirect, goes to an address
 * that the guard has judged; the login goes to the repository's own server only.
 */
final class HttpServer implements HttpConnectionFactory, AutoCloseable {
  private static final int CONNECT_MILLIS = (int) Duration.ofSeconds(10).toMillis();
  private static final int STALL_MILLIS = (int) Duration.ofSeconds(60).toMillis();
  private static final int MOST_CONNECTIONS = 200;

  private final GitAddress.Server server;
  private final SourceLogin login;
  private final AddressGuard guard;
  private final Budget budget;
  private final CloseableHttpClient http;

  /** What is asked of each host now; the name is judged once more when it is connected to. */
  private final Map<String, Target> targets = new ConcurrentHashMap<>();

  private record Target(int port, boolean plain) {}

  HttpServer(
      GitAddress.Server server,
      SourceLogin login,
      AddressGuard guard,
      SSLContext trust,
      Budget budget) {
    this.server = server;
    this.login = login;
    this.guard = guard;
    this.budget = budget;
    PoolingHttpClientConnectionManager connections =
        new PoolingHttpClientConnectionManager(
            RegistryBuilder.<ConnectionSocketFactory>create()
                .register("https", new SSLConnectionSocketFactory(trust))
                .register("http", PlainConnectionSocketFactory.INSTANCE)
                .build(),
            this::resolve);
    connections.setMaxTotal(MOST_CONNECTIONS);
    connections.setDefaultMaxPerRoute(MOST_CONNECTIONS);
    connections.setDefaultSocketConfig(SocketConfig.custom().setSoTimeout(STALL_MILLIS).build());
    this.http =
        HttpClients.custom()
            .setConnectionManager(connections)
            .setDefaultRequestConfig(
                RequestConfig.custom()
                    .setConnectTimeout(CONNECT_MILLIS)
                    .setConnectionRequestTimeout(CONNECT_MILLIS)
                    .setSocketTimeout(STALL_MILLIS)
                    .setRedirectsEnabled(false)
                    .build())
            .disableRedirectHandling()
            .disableCookieManagement()
            .disableAuthCaching()
            .disableAutomaticRetries()
            .build();
  }

  /** Makes the transport use this way and this login. */
  void use(TransportHttp transport) {
    transport.setHttpConnectionFactory(this);
    transport.setCredentialsProvider(new Login());
  }

  @Override
  public HttpConnection create(URL url) throws IOException {
    return create(url, Proxy.NO_PROXY);
  }

  @Override
  public HttpConnection create(URL url, Proxy proxy) throws IOException {
    String scheme = url.getProtocol().toLowerCase(Locale.ROOT);
    int port = url.getPort() < 0 ? url.getDefaultPort() : url.getPort();
    String host = bare(url.getHost()).toLowerCase(Locale.ROOT);
    Target target = new Target(port, scheme.equals("http"));
    guard.resolve(host, target.port(), target.plain());
    targets.put(host, target);
    boolean own =
        scheme.equals(server.kind() == Kind.HTTPS ? "https" : "http")
            && host.equals(server.host())
            && port == server.port();
    if (!own && login.password().isPresent()) {
      throw new AddressGuard.Refused(
          server.origin()
              + " sends us on to "
              + host
              + ", to which the password is not sent: give the repository's address there");
    }
    return new Counted(url.toString(), budget, http);
  }

  private InetAddress[] resolve(String name) throws UnknownHostException {
    String host = bare(name).toLowerCase(Locale.ROOT);
    Target target = targets.get(host);
    if (target == null) {
      throw new AddressGuard.Refused(host + " was not asked for");
    }
    return guard.resolve(host, target.port(), target.plain());
  }

  private static String bare(String host) {
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  @Override
  public void close() {
    try {
      http.close();
    } catch (IOException e) {
      // Its connections are gone with it either way.
      return;
    }
  }

  private static final class Counted extends HttpClientConnection {
    private final Budget budget;

    Counted(String url, Budget budget, CloseableHttpClient http) throws IOException {
      super(url, Proxy.NO_PROXY, http);
      this.budget = budget;
    }

    @Override
    public InputStream getInputStream() throws IOException {
      return budget.counted(super.getInputStream());
    }
  }

  /** Answers for the repository's own server only, and never agrees to a certificate. */
  private final class Login extends CredentialsProvider {
    private boolean asked;

    @Override
    public boolean isInteractive() {
      return false;
    }

    @Override
    public boolean supports(CredentialItem... items) {
      for (CredentialItem item : items) {
        if (!(item instanceof CredentialItem.Username)
            && !(item instanceof CredentialItem.Password)) {
          return false;
        }
      }
      return true;
    }

    @Override
    public boolean get(URIish uri, CredentialItem... items) {
      boolean own =
          server.host().equalsIgnoreCase(uri.getHost())
              && (uri.getPort() < 0 || uri.getPort() == server.port());
      // Asked a second time means that the first answer was wrong.
      if (!own || asked || login.password().isEmpty() || !supports(items)) {
        return false;
      }
      asked = true;
      String user = login.username().isEmpty() ? "git" : login.username();
      for (CredentialItem item : items) {
        if (item instanceof CredentialItem.Username name) {
          name.setValue(user);
        } else if (item instanceof CredentialItem.Password password) {
          password.setValue(login.password().get().reveal().toCharArray());
        }
      }
      return true;
    }
  }
}
