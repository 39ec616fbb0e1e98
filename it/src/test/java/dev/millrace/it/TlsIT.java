package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** A master that serves HTTPS with a certificate of an authority of its own. */
@Tag("tls")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class TlsIT {
  private static final Duration LIMIT = Duration.ofSeconds(120);

  private static final String NAMES = "DNS:localhost,IP:127.0.0.1";

  private Path folder;
  private Authority authority;
  private SSLContext before;
  private SSLContext trusting;
  private Distribution millrace;

  @BeforeAll
  void start() throws Exception {
    folder = Files.createTempDirectory("it-tls");
    authority = Authority.in(folder);
    authority.issue("first", "rsa:2048", NAMES);
    use("first");
    trusting = authority.trust();
    before = SSLContext.getDefault();
    SSLContext.setDefault(trusting);
    millrace =
        Distribution.unpack(
            Map.of(
                "MILLRACE_TLS_CERT",
                folder.resolve("cert.pem").toString(),
                "MILLRACE_TLS_KEY",
                folder.resolve("key.pem").toString()));
    Files.write(
        millrace.home().resolve("conf/dev.millrace.provider.onprem~local.json"),
        Api.JSON.writeValueAsBytes(
            Map.of(
                "machines",
                List.of("local"),
                "runtimes",
                List.of("process"),
                "ca.file",
                folder.resolve("ca.pem").toString())));
    millrace.boot();
  }

  @AfterAll
  void stop() {
    millrace.close();
    SSLContext.setDefault(before);
  }

  @Test
  @Order(1)
  void whoTrustsTheAuthorityIsAnsweredAndNobodyElse() throws Exception {
    assertEquals(200, live(trusting).statusCode());
    assertThrows(SSLHandshakeException.class, () -> live(before));
    Machine.Result curl =
        Machine.run(
            folder,
            List.of(
                "curl",
                "-s",
                "-o",
                "/dev/null",
                "-w",
                "%{http_code}",
                "--cacert",
                "ca.pem",
                millrace.address() + "/live"));
    assertEquals("200", curl.expectSuccess());
    Machine.Result plain =
        Machine.run(
            folder, List.of("curl", "-sf", millrace.address().replace("https", "http") + "/live"));
    assertNotEquals(0, plain.code(), "plain HTTP is answered: " + plain.output());
  }

  @Test
  @Order(2)
  void theLocalWorkerJoinsOverHttpsAndRuns() {
    Project project = Project.of(millrace.user("ada"), "tls");
    String execution = project.run(Code.script("echo safe; echo kept > $VH_OUTPUTS_DIR/a.txt"));
    assertEquals("complete", project.api().awaitEnd(execution, LIMIT).get("status").asText());
    assertEquals("kept\n", project.output(execution, "a.txt"));
    assertTrue(project.log(execution, Optional.of("stdout")).contains("safe"));
  }

  @Test
  @Order(3)
  void aRenewedCertificateIsServedWithoutARestart() throws Exception {
    BigInteger first = served();
    authority.issue("second", "ec -pkeyopt ec_paramgen_curve:prime256v1", NAMES);
    use("second");
    Machine.await(
        "the renewed certificate",
        LIMIT,
        () -> served().equals(first) ? Optional.empty() : Optional.of(true));
    BigInteger second = served();
    assertEquals(200, live(trusting).statusCode());

    Files.writeString(folder.resolve("key.pem"), "no key at all");
    Machine.await(
        "the line that says why",
        LIMIT,
        () -> {
          served();
          return Files.readString(millrace.log()).contains("tls=unchanged")
              ? Optional.of(true)
              : Optional.empty();
        });
    assertEquals(second, served());
    use("first");
    Machine.await(
        "the first certificate again",
        LIMIT,
        () -> served().equals(first) ? Optional.of(true) : Optional.empty());
  }

  @Test
  @Order(4)
  void plainHttpBeyondLoopbackIsRefusedWithTheRemedy() {
    Distribution open = Distribution.unpack(Map.of("MILLRACE_HTTP_HOST", "0.0.0.0"));
    Machine.Result refused = open.millrace("run");
    assertEquals(2, refused.code(), refused.output());
    for (String remedy : List.of("MILLRACE_TLS_CERT", "MILLRACE_TRUSTED_PROXIES", "127.0.0.1")) {
      assertTrue(refused.output().contains(remedy), refused.output());
    }
  }

  private HttpResponse<String> live(SSLContext trust) throws IOException, InterruptedException {
    return HttpClient.newBuilder()
        .sslContext(trust)
        .build()
        .send(
            HttpRequest.newBuilder(URI.create(millrace.address() + "/live")).build(),
            HttpResponse.BodyHandlers.ofString());
  }

  /**
   * The serial number of the certificate that a new client gets, which has no session to resume.
   */
  private BigInteger served() throws Exception {
    SSLContext fresh = authority.trust();
    X509Certificate certificate =
        (X509Certificate) live(fresh).sslSession().orElseThrow().getPeerCertificates()[0];
    return certificate.getSerialNumber();
  }

  /** Puts a certificate and its key where the master reads them, one after the other. */
  private void use(String name) throws IOException {
    for (Map.Entry<String, String> file :
        Map.of(".crt", "cert.pem", ".key", "key.pem").entrySet()) {
      Path part = folder.resolve("part");
      Files.copy(folder.resolve(name + file.getKey()), part, StandardCopyOption.REPLACE_EXISTING);
      Files.move(part, folder.resolve(file.getValue()), StandardCopyOption.ATOMIC_MOVE);
    }
  }
}
