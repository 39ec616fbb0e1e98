package dev.millrace.it;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.CertificateFactory;
import java.util.HexFormat;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A certificate authority of one's own, in a folder: {@code ca.pem}, {@code NAME.crt}, {@code
 * NAME.key}.
 */
record Authority(Path folder) {
  static Authority in(Path folder) {
    Machine.require(Machine.has("openssl"), "openssl (package openssl)");
    Authority made = new Authority(folder);
    made.openssl(
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=it-authority"
            + " -keyout ca.key -out ca.pem");
    return made;
  }

  Path pem() {
    return folder.resolve("ca.pem");
  }

  String sha256() throws IOException, GeneralSecurityException {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(pem())));
  }

  /** Makes a certificate for the names, such as {@code DNS:localhost,IP:127.0.0.1}. */
  void issue(String name, String key, String names) throws IOException {
    Files.writeString(folder.resolve(name + ".ext"), "subjectAltName=" + names + "\n");
    openssl(
        "req -newkey "
            + key
            + " -nodes -subj /CN=localhost -keyout "
            + name
            + ".key -out "
            + name
            + ".csr");
    openssl(
        "x509 -req -days 1 -in "
            + name
            + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile "
            + name
            + ".ext -out "
            + name
            + ".crt");
  }

  private void openssl(String arguments) {
    Machine.run(folder, List.of("sh", "-c", "openssl " + arguments)).expectSuccess();
  }

  /** Trusts this authority and no other. */
  SSLContext trust() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    try (InputStream in = Files.newInputStream(pem())) {
      store.setCertificateEntry(
          "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }
}
