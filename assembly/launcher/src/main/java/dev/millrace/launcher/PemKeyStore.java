package dev.millrace.launcher;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The operator's PEM files in the one form that Jetty reads, under a password made for this start.
 */
final class PemKeyStore {
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([^-]+)-----END PRIVATE KEY-----");

  private final Path file;
  private final String password;

  private PemKeyStore(Path file, String password) {
    this.file = file;
    this.password = password;
  }

  Path file() {
    return file;
  }

  String password() {
    return password;
  }

  /** Writes the key store, readable by its owner only. */
  static PemKeyStore write(Path cert, Path key, Path target) throws Refusal {
    byte[] random = new byte[24];
    new SecureRandom().nextBytes(random);
    String password = HexFormat.of().formatHex(random);
    try {
      List<? extends Certificate> chain =
          List.copyOf(
              CertificateFactory.getInstance("X.509")
                  .generateCertificates(new ByteArrayInputStream(Files.readAllBytes(cert))));
      if (chain.isEmpty()) {
        throw new Refusal("MILLRACE_TLS_CERT: " + cert + " holds no certificate in PEM form.");
      }
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry(
          "master",
          privateKey(key, chain.get(0).getPublicKey().getAlgorithm()),
          password.toCharArray(),
          chain.toArray(Certificate[]::new));
      Files.deleteIfExists(target);
      Files.createFile(
          target,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      try (OutputStream out = Files.newOutputStream(target, StandardOpenOption.WRITE)) {
        store.store(out, password.toCharArray());
      }
      return new PemKeyStore(target, password);
    } catch (IOException | GeneralSecurityException e) {
      throw new Refusal(
          "The certificate "
              + cert
              + " and the key "
              + key
              + " cannot be used: "
              + e
              + ". Check MILLRACE_TLS_CERT and MILLRACE_TLS_KEY.");
    }
  }

  private static PrivateKey privateKey(Path file, String algorithm)
      throws Refusal, IOException, GeneralSecurityException {
    Matcher pem = KEY.matcher(Files.readString(file, StandardCharsets.US_ASCII));
    if (!pem.find()) {
      throw new Refusal(
          "MILLRACE_TLS_KEY: "
              + file
              + " is not an unencrypted PKCS #8 key. Convert it: openssl pkcs8 -topk8 -nocrypt -in "
              + file
              + " -out key.pem");
    }
    byte[] der = Base64.getMimeDecoder().decode(pem.group(1));
    return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
  }
}
