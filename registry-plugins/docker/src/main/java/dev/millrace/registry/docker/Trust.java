package dev.millrace.registry.docker;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** Which certificates are trusted: the system's, and those of one file. */
final class Trust {
  private Trust() {}

  static SSLContext of(String caFile) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      TrustManager[] managers =
          caFile.isEmpty() ? null : new TrustManager[] {new Both(system(), own(Path.of(caFile)))};
      context.init(null, managers, null);
      return context;
    } catch (IOException e) {
      throw new IllegalArgumentException("ca.file: cannot read " + caFile, e);
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("ca.file: " + caFile + " has no PEM certificates", e);
    }
  }

  private static X509TrustManager system() throws GeneralSecurityException {
    return manager(null);
  }

  private static X509TrustManager own(Path file) throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    Collection<? extends Certificate> certificates;
    try (InputStream in = Files.newInputStream(file)) {
      certificates = CertificateFactory.getInstance("X.509").generateCertificates(in);
    }
    int number = 0;
    for (Certificate certificate : certificates) {
      store.setCertificateEntry("ca-" + number++, certificate);
    }
    if (number == 0) {
      throw new CertificateException("empty");
    }
    return manager(store);
  }

  private static X509TrustManager manager(@Nullable KeyStore store)
      throws GeneralSecurityException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    for (TrustManager manager : factory.getTrustManagers()) {
      if (manager instanceof X509TrustManager x509) {
        return x509;
      }
    }
    throw new GeneralSecurityException("this Java has no X.509 trust manager");
  }

  private record Both(X509TrustManager first, X509TrustManager second) implements X509TrustManager {

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      first.checkClientTrusted(chain, type);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      try {
        second.checkServerTrusted(chain, type);
      } catch (CertificateException e) {
        first.checkServerTrusted(chain, type);
      }
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return first.getAcceptedIssuers();
    }
  }
}
