package dev.millrace.launcher;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** Where the master listens, and whether it may do so in clear text. */
record Listener(String host, int port, boolean tls) {

  /**
   * Plain HTTP is for loopback and for trusted proxies; anything else is refused with the remedy.
   */
  static Listener of(Map<String, String> settings) throws Refusal {
    String host = settings.getOrDefault(Setting.HTTP_HOST.key(), "127.0.0.1");
    int port = Integer.parseInt(settings.getOrDefault(Setting.HTTP_PORT.key(), "8000"));
    boolean cert = settings.containsKey(Setting.TLS_CERT.key());
    if (cert != settings.containsKey(Setting.TLS_KEY.key())) {
      Setting missing = cert ? Setting.TLS_KEY : Setting.TLS_CERT;
      throw new Refusal(
          "TLS needs a certificate and its key: set " + missing.variable() + " as well.");
    }
    InetAddress address;
    try {
      address = InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      throw new Refusal(
          Setting.HTTP_HOST.variable() + ": \"" + host + "\" is no address of this machine.");
    }
    if (!cert
        && !address.isLoopbackAddress()
        && !settings.containsKey(Setting.TRUSTED_PROXIES.key())) {
      throw new Refusal(
          "Plain HTTP on "
              + host
              + " would send passwords and tokens in clear text. Set MILLRACE_TLS_CERT and"
              + " MILLRACE_TLS_KEY, or name the reverse proxies in front of it in"
              + " MILLRACE_TRUSTED_PROXIES, or listen on 127.0.0.1.");
    }
    return new Listener(host, port, cert);
  }

  /** Fails early and by name; the HTTP service itself would only log it. */
  void checkFree() throws Refusal {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(host, port));
    } catch (IOException e) {
      throw new Refusal(
          "Port "
              + port
              + " on "
              + host
              + " cannot be used ("
              + e.getMessage()
              + "). Free it, or choose another by MILLRACE_HTTP_PORT.");
    }
  }

  boolean answers() {
    try (Socket socket = new Socket()) {
      InetAddress bound = InetAddress.getByName(host);
      InetAddress target = bound.isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : bound;
      socket.connect(new InetSocketAddress(target, port), 1000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Where somebody on this machine reaches it. */
  String address() {
    boolean everywhere = host.equals("0.0.0.0") || host.equals("::");
    String name = everywhere ? "127.0.0.1" : host.contains(":") ? "[" + host + "]" : host;
    return (tls ? "https://" : "http://") + name + ":" + port;
  }

  /** What the HTTP service is told. */
  Map<String, String> frameworkProperties(Map<String, String> settings, Path data) throws Refusal {
    Map<String, String> http = new TreeMap<>();
    http.put("org.apache.felix.http.host", host);
    http.put("org.apache.felix.http.jetty.sendServerHeader", "false");
    // Datum and Git addresses carry "//" and "~" in their paths; Jetty's default refuses the first.
    http.put("org.eclipse.jetty.UriComplianceMode", "LEGACY");
    http.put("org.apache.felix.http.jetty.requestSizeLimit", "-1");
    http.put("org.apache.felix.http.jetty.threadpool.max", "200");
    http.put("org.apache.felix.jakarta.websocket.enable", "false");
    http.put("org.apache.felix.jetty.websocket.enable", "false");
    http.put("org.apache.felix.http.mbeans", "false");
    http.put("org.apache.felix.http.timeout", "120000");
    http.put("org.apache.felix.jetty.stopTimeout", "2000");
    if (tls) {
      PemKeys keys =
          new PemKeys(
              Path.of(settings.getOrDefault(Setting.TLS_CERT.key(), "")),
              Path.of(settings.getOrDefault(Setting.TLS_KEY.key(), "")),
              System.err::println);
      keys.install();
      PemKeyStore store = PemKeyStore.write(keys.current(), data.resolve("run/tls.p12"));
      http.put("org.apache.felix.http.enable", "false");
      http.put("org.apache.felix.https.enable", "true");
      http.put("org.osgi.service.http.port.secure", "" + port);
      http.put("org.apache.felix.https.keystore", store.file().toString());
      http.put("org.apache.felix.https.keystore.type", "PKCS12");
      http.put("org.apache.felix.https.keystore.password", store.password());
      http.put("org.apache.felix.https.keystore.key.password", store.password());
    } else {
      http.put("org.osgi.service.http.port", "" + port);
    }
    return http;
  }
}
