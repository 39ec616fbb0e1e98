package dev.millrace.registry.docker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.spi.common.CallContext;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.registry.ImageDigest;
import dev.millrace.spi.registry.ImageRef;
import dev.millrace.spi.registry.PullCredentials;
import dev.millrace.spi.tck.Calls;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a real docker-registry. */
@Tag("registry")
class DockerRegistryTest {
  @TempDir Path folder;

  private static DockerRegistry open(String host, String user, String password) throws Exception {
    return new DockerRegistry(new TestConfig(new String[] {host}, user, password, true, ""));
  }

  private static PluginException refusal(DockerRegistry registry, String image) {
    return assertThrows(
        PluginException.class, () -> registry.resolve(ImageRef.parse(image), Calls.call()));
  }

  @Test
  void aTagBecomesTheDigestThatItMeansNow() throws Exception {
    try (RegistryServer server = RegistryServer.start(folder, true)) {
      String digest = server.push("team/tools", "1");
      DockerRegistry registry = open(server.host(), RegistryServer.USER, RegistryServer.PASSWORD);
      ImageRef image = ImageRef.parse(server.host() + "/team/tools:1");
      assertTrue(registry.serves(image));
      assertEquals(digest, registry.resolve(image, Calls.call()).toString());
      ImageRef pinned = image.pinned(ImageDigest.parse(digest));
      assertEquals(digest, registry.resolve(pinned, Calls.call()).toString());
      PullCredentials pull = registry.credentials(image, Calls.call());
      assertEquals(RegistryServer.USER, pull.user());
      assertEquals(RegistryServer.PASSWORD, pull.password().reveal());
      registry.close();
    }
  }

  @Test
  void whatTheRegistryRefusesSaysWhoseMoveItIs() throws Exception {
    try (RegistryServer server = RegistryServer.start(folder, true)) {
      server.push("team/tools", "1");
      DockerRegistry good = open(server.host(), RegistryServer.USER, RegistryServer.PASSWORD);
      DockerRegistry wrong =
          open(server.host(), RegistryServer.USER, "not-" + RegistryServer.PASSWORD);
      DockerRegistry nobody = open(server.host(), "", "");
      String image = server.host() + "/team/tools";
      assertEquals(PluginException.Kind.NOT_FOUND, refusal(good, image + ":2").kind());
      assertEquals(
          PluginException.Kind.NOT_FOUND,
          refusal(good, image + "@sha256:" + "0".repeat(64)).kind());
      PluginException denied = refusal(wrong, image + ":1");
      assertEquals(PluginException.Kind.DENIED, denied.kind());
      assertFalse(denied.getMessage().contains(RegistryServer.PASSWORD));
      assertEquals(PluginException.Kind.DENIED, refusal(nobody, image + ":1").kind());
      assertEquals(PluginException.Kind.INVALID, refusal(good, "docker.io/team/tools:1").kind());
    }
  }

  @Test
  void aRegistryWithATokenServiceIsAskedWithItsToken() throws Exception {
    try (TokenService tokens = new TokenService(folder);
        RegistryServer server = RegistryServer.startToken(folder, tokens)) {
      String digest = server.push("team/tools", "1");
      String image = server.host() + "/team/tools:1";
      DockerRegistry registry = open(server.host(), RegistryServer.USER, RegistryServer.PASSWORD);
      assertEquals(digest, registry.resolve(ImageRef.parse(image), Calls.call()).toString());
      DockerRegistry wrong = open(server.host(), RegistryServer.USER, "not-it");
      assertEquals(PluginException.Kind.DENIED, refusal(wrong, image).kind());
      // The token is for one repository only.
      String other = server.host() + "/team/other:1";
      assertEquals(PluginException.Kind.DENIED, refusal(registry, other).kind());
    }
  }

  @Test
  void anOpenRegistryNeedsNoLogin() throws Exception {
    try (RegistryServer server = RegistryServer.start(folder, false)) {
      String digest = server.push("tools", "latest");
      DockerRegistry registry = open(server.host(), "", "");
      ImageRef image = ImageRef.parse(server.host() + "/tools");
      assertEquals(digest, registry.resolve(image, Calls.call()).toString());
      assertTrue(registry.credentials(image, Calls.call()).isAnonymous());
    }
  }

  @Test
  void aRegistryThatIsGoneIsUnavailable() throws Exception {
    RegistryServer server = RegistryServer.start(folder, false);
    DockerRegistry registry = open(server.host(), "", "");
    server.close();
    PluginException gone = refusal(registry, server.host() + "/tools:1");
    assertEquals(PluginException.Kind.UNAVAILABLE, gone.kind());
    assertEquals(PluginException.Retry.LATER, gone.kind().retry());
  }

  @Test
  void aCertificateOfOnesOwnIsTrustedWhenItsFileIsNamed() throws Exception {
    Path store = folder.resolve("store.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-alias",
                "r",
                "-dname",
                "CN=test",
                "-ext",
                "san=ip:127.0.0.1",
                "-storepass",
                "changeit",
                "-keystore",
                store.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("keytool").toFile())
            .start();
    assertEquals(0, keytool.waitFor());
    KeyStore keys = KeyStore.getInstance(store.toFile(), "changeit".toCharArray());
    Path certificate = pem("CERTIFICATE", keys.getCertificate("r").getEncoded());
    Path key = pem("PRIVATE KEY", keys.getKey("r", "changeit".toCharArray()).getEncoded());
    try (RegistryServer server = RegistryServer.startTls(folder, certificate, key)) {
      String[] hosts = {server.host()};
      DockerRegistry trusting =
          new DockerRegistry(new TestConfig(hosts, "", "", false, certificate.toString()));
      DockerRegistry strict = new DockerRegistry(new TestConfig(hosts, "", "", false, ""));
      String image = server.host() + "/tools:1";
      assertEquals(PluginException.Kind.NOT_FOUND, refusal(trusting, image).kind());
      PluginException untrusted = refusal(strict, image);
      assertEquals(PluginException.Kind.DENIED, untrusted.kind());
      assertTrue(untrusted.getMessage().contains("ca.file"), untrusted.getMessage());
    }
  }

  @Test
  void aCallWithoutTimeLeftIsNotMade() throws Exception {
    CallContext late =
        new CallContext() {
          @Override
          public Duration remaining() {
            return Duration.ZERO;
          }

          @Override
          public String traceId() {
            return "late";
          }
        };
    DockerRegistry registry = open("127.0.0.1:9", "", "");
    PluginException e =
        assertThrows(
            PluginException.class, () -> registry.resolve(ImageRef.parse("127.0.0.1:9/x:1"), late));
    assertEquals(PluginException.Kind.UNAVAILABLE, e.kind());
    assertEquals(Optional.empty(), e.retryAfter());
  }

  private Path pem(String what, byte[] bytes) throws Exception {
    String body =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(bytes);
    return Files.writeString(
        folder.resolve(what.replace(' ', '-') + ".pem"),
        "-----BEGIN " + what + "-----\n" + body + "\n-----END " + what + "-----\n");
  }
}
