package dev.millrace.launcher;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The master's certificate chain and private key, as the operator's PEM files hold them. */
record PemIdentity(List<X509Certificate> chain, PrivateKey key) {
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([^-]+)-----END PRIVATE KEY-----");
  private static final byte[] PROOF =
      "does this key belong to it?".getBytes(StandardCharsets.UTF_8);

  /** Reads both; a refusal says which file is wrong and what to do. */
  static PemIdentity read(Path cert, Path key) throws Refusal {
    try {
      List<X509Certificate> chain =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(Files.readAllBytes(cert)))
              .stream()
              .map(X509Certificate.class::cast)
              .toList();
      if (chain.isEmpty()) {
        throw new Refusal("MILLRACE_TLS_CERT: " + cert + " holds no certificate in PEM form.");
      }
      PemIdentity identity =
          new PemIdentity(chain, privateKey(key, chain.get(0).getPublicKey().getAlgorithm()));
      identity.checkPair(cert, key);
      return identity;
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

  private void checkPair(Path cert, Path file) throws Refusal, GeneralSecurityException {
    String algorithm =
        switch (key.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> key.getAlgorithm();
        };
    Signature signature = Signature.getInstance(algorithm);
    signature.initSign(key);
    signature.update(PROOF);
    byte[] signed = signature.sign();
    signature.initVerify(chain.get(0));
    signature.update(PROOF);
    if (!signature.verify(signed)) {
      throw new Refusal(
          "MILLRACE_TLS_KEY: "
              + file
              + " is not the key of the first certificate in "
              + cert
              + ". Name the key that the certificate was made for.");
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
