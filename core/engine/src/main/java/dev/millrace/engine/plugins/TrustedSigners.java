package dev.millrace.engine.plugins;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSigner;
import java.security.GeneralSecurityException;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/**
 * The certificates that may sign plugins; where the operator names any, an unsigned jar is refused.
 */
final class TrustedSigners {
  private static final String REMEDY =
      "; sign it with a certificate of conf/trusted-plugins.pem, or remove that file";

  private final Set<X509Certificate> trusted;

  private TrustedSigners(Set<X509Certificate> trusted) {
    this.trusted = trusted;
  }

  /** Reads the certificates; empty where there is no such file, and then every jar is good. */
  static Optional<TrustedSigners> read(Path pem) throws RefusedJar {
    if (!Files.exists(pem)) {
      return Optional.empty();
    }
    try (InputStream in = Files.newInputStream(pem)) {
      Set<X509Certificate> trusted = new HashSet<>();
      for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        trusted.add((X509Certificate) each);
      }
      if (trusted.isEmpty()) {
        throw new RefusedJar("conf/trusted-plugins.pem has no certificate in it");
      }
      return Optional.of(new TrustedSigners(trusted));
    } catch (IOException | GeneralSecurityException e) {
      throw new RefusedJar("conf/trusted-plugins.pem cannot be read: " + e.getMessage());
    }
  }

  /** Every file in the jar must be whole and signed by somebody trusted. */
  void check(Path jar) throws RefusedJar {
    boolean any = false;
    byte[] buffer = new byte[1 << 16];
    try (JarFile file = new JarFile(jar.toFile(), true)) {
      for (JarEntry entry : Collections.list(file.entries())) {
        if (entry.isDirectory() || isSignature(entry.getName())) {
          continue;
        }
        try (InputStream in = file.getInputStream(entry)) {
          while (in.read(buffer) >= 0) {
            // Read to its end: only then the JDK has compared the hash.
            any = true;
          }
        }
        checkSigned(entry);
      }
    } catch (SecurityException e) {
      throw new RefusedJar("its signature does not fit: " + e.getMessage() + REMEDY);
    } catch (IOException e) {
      throw new RefusedJar("its signature cannot be read: " + e.getMessage() + REMEDY);
    }
    if (!any) {
      throw new RefusedJar("there is nothing in it");
    }
  }

  private void checkSigned(JarEntry entry) throws RefusedJar {
    CodeSigner[] signers = entry.getCodeSigners();
    for (CodeSigner signer : signers == null ? new CodeSigner[0] : signers) {
      if (isTrusted(signer)) {
        return;
      }
    }
    throw new RefusedJar(
        "nobody trusted has signed " + entry.getName().replaceAll("\\p{Cntrl}", " ") + REMEDY);
  }

  private boolean isTrusted(CodeSigner signer) {
    CertPath path = signer.getSignerCertPath();
    List<? extends Certificate> certificates = path.getCertificates();
    try {
      if (certificates.get(0) instanceof X509Certificate own && trusted.contains(own)) {
        own.checkValidity();
        return true;
      }
      Set<TrustAnchor> anchors = new HashSet<>();
      trusted.forEach(each -> anchors.add(new TrustAnchor(each, null)));
      PKIXParameters parameters = new PKIXParameters(anchors);
      parameters.setRevocationEnabled(false);
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      List<? extends Certificate> below =
          certificates.stream().filter(each -> !trusted.contains(each)).toList();
      CertPathValidator.getInstance("PKIX").validate(factory.generateCertPath(below), parameters);
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static boolean isSignature(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    return upper.startsWith("META-INF/")
        && upper.indexOf('/', 9) < 0
        && (upper.endsWith(".SF")
            || upper.endsWith(".RSA")
            || upper.endsWith(".DSA")
            || upper.endsWith(".EC")
            || upper.equals("META-INF/MANIFEST.MF"));
  }
}
