package dev.millrace.registry.docker;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.time.Instant;
import java.util.Base64;
import java.util.UUID;

/** Gives signed tokens to who knows the password, as the token service of a registry does. */
final class TokenService implements AutoCloseable {
  private static final String BASIC =
      "Basic "
          + Base64.getEncoder()
              .encodeToString(
                  (RegistryServer.USER + ":" + RegistryServer.PASSWORD)
                      .getBytes(StandardCharsets.UTF_8));

  private final HttpServer server;
  private final PrivateKey key;
  private final byte[] certificate;
  private final Path pem;

  TokenService(Path folder) throws Exception {
    Path store = folder.resolve("tokens.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "RSA",
                "-keysize",
                "2048",
                "-alias",
                "t",
                "-dname",
                "CN=it",
                "-storepass",
                "changeit",
                "-keystore",
                store.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("keytool").toFile())
            .start();
    if (keytool.waitFor() != 0) {
      throw new IOException(Files.readString(folder.resolve("keytool")));
    }
    KeyStore keys = KeyStore.getInstance(store.toFile(), "changeit".toCharArray());
    this.key = (PrivateKey) keys.getKey("t", "changeit".toCharArray());
    this.certificate = keys.getCertificate("t").getEncoded();
    this.pem =
        Files.writeString(
            folder.resolve("tokens.pem"),
            "-----BEGIN CERTIFICATE-----\n"
                + Base64.getMimeEncoder().encodeToString(certificate)
                + "\n-----END CERTIFICATE-----\n");
    this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/token", this::answer);
    server.start();
  }

  String realm() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/token";
  }

  Path certificate() {
    return pem;
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      boolean known = BASIC.equals(exchange.getRequestHeaders().getFirst("Authorization"));
      byte[] body =
          known
              ? ("{\"token\":\"" + token("pull") + "\"}").getBytes(StandardCharsets.UTF_8)
              : new byte[0];
      exchange.sendResponseHeaders(known ? 200 : 401, known ? body.length : -1);
      exchange.getResponseBody().write(body);
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  /** A token for {@code team/tools}. */
  String token(String actions) throws GeneralSecurityException {
    long now = Instant.now().getEpochSecond();
    String[] all = actions.split(",", -1);
    String header =
        "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"x5c\":[\""
            + Base64.getEncoder().encodeToString(certificate)
            + "\"]}";
    String claims =
        """
        {"iss":"it","sub":"%s","aud":"registry","exp":%d,"nbf":%d,"iat":%d,"jti":"%s",\
        "access":[{"type":"repository","name":"team/tools","actions":["%s"]}]}"""
            .formatted(
                RegistryServer.USER,
                now + 300,
                now - 10,
                now,
                UUID.randomUUID(),
                String.join("\",\"", all));
    String text =
        url(header.getBytes(StandardCharsets.UTF_8))
            + "."
            + url(claims.getBytes(StandardCharsets.UTF_8));
    Signature signature = Signature.getInstance("SHA256withRSA");
    signature.initSign(key);
    signature.update(text.getBytes(StandardCharsets.US_ASCII));
    return text + "." + url(signature.sign());
  }

  private static String url(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
