package dev.millrace.launcher;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.NoSuchAlgorithmException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.Security;
import java.security.UnrecoverableKeyException;
import java.security.cert.X509Certificate;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.KeyManagerFactorySpi;
import javax.net.ssl.ManagerFactoryParameters;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Answers each new TLS connection with what the operator's PEM files hold then, so that a renewed
 * certificate needs no restart. Files that cannot be used, as in the middle of a renewal, leave the
 * pair before them in use.
 */
final class PemKeys extends X509ExtendedKeyManager {
  /** The entry of a key store that stands for the PEM files. */
  static final String ALIAS = "millrace-master";

  private static final String ALGORITHM = "MillracePem";
  private static final long LOOK_AGAIN = TimeUnit.SECONDS.toNanos(1);

  private final Path cert;
  private final Path key;
  private final Consumer<String> tell;
  private PemIdentity identity;
  private String read;
  private String refused = "";
  private long looked = System.nanoTime();

  PemKeys(Path cert, Path key, Consumer<String> tell) throws Refusal {
    this.cert = cert;
    this.key = key;
    this.tell = tell;
    this.read = stamp();
    this.identity = PemIdentity.read(cert, key);
  }

  /**
   * Makes this the answer wherever a key store with {@link #ALIAS} is asked; all other key stores
   * are asked as before. The HTTP service takes its keys by the JVM's default algorithm only.
   */
  void install() {
    String before = KeyManagerFactory.getDefaultAlgorithm();
    Security.addProvider(new Installed(this, before));
    Security.setProperty("ssl.KeyManagerFactory.algorithm", ALGORITHM);
  }

  /** The pair to use now; looks at the files once a second at most. */
  synchronized PemIdentity current() {
    long now = System.nanoTime();
    if (now - looked < LOOK_AGAIN) {
      return identity;
    }
    looked = now;
    String stamp = stamp();
    if (!stamp.equals(read)) {
      try {
        identity = PemIdentity.read(cert, key);
        read = stamp;
        tell.accept("tls=read-again until=" + identity.chain().get(0).getNotAfter().toInstant());
      } catch (Refusal e) {
        if (!stamp.equals(refused)) {
          refused = stamp;
          tell.accept("tls=unchanged reason=\"" + e.getMessage() + "\"");
        }
      }
    }
    return identity;
  }

  private String stamp() {
    try {
      return Files.getLastModifiedTime(cert)
          + " "
          + Files.size(cert)
          + " "
          + Files.getLastModifiedTime(key)
          + " "
          + Files.size(key);
    } catch (IOException e) {
      return "unreadable";
    }
  }

  private @Nullable String alias(@Nullable String keyType) {
    String algorithm = current().key().getAlgorithm();
    return keyType != null && (keyType.equals(algorithm) || keyType.startsWith(algorithm + "_"))
        ? ALIAS
        : null;
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
    return alias(keyType);
  }

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, Socket socket) {
    return alias(keyType);
  }

  @Override
  public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return alias(keyType) == null ? null : new String[] {ALIAS};
  }

  /** The master's key is for serving only. */
  @Override
  public @Nullable String chooseClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, Socket socket) {
    return null;
  }

  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    return null;
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(String alias) {
    return ALIAS.equals(alias) ? current().chain().toArray(X509Certificate[]::new) : null;
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(String alias) {
    return ALIAS.equals(alias) ? current().key() : null;
  }

  private static final class Installed extends Provider {
    private static final long serialVersionUID = 1L;

    Installed(PemKeys manager, String otherwise) {
      super(ALGORITHM, "1", "The master's PEM files");
      putService(
          new Service(this, "KeyManagerFactory", ALGORITHM, Factory.class.getName(), null, null) {
            @Override
            public Object newInstance(@Nullable Object parameter) {
              return new Factory(manager, otherwise);
            }
          });
    }
  }

  private static final class Factory extends KeyManagerFactorySpi {
    private final PemKeys manager;
    private final String otherwise;
    private KeyManager[] answer = {};

    Factory(PemKeys manager, String otherwise) {
      this.manager = manager;
      this.otherwise = otherwise;
    }

    @Override
    protected void engineInit(@Nullable KeyStore store, char @Nullable [] password)
        throws KeyStoreException, NoSuchAlgorithmException, UnrecoverableKeyException {
      if (store != null && store.isKeyEntry(ALIAS)) {
        answer = new KeyManager[] {manager};
      } else {
        KeyManagerFactory other = KeyManagerFactory.getInstance(otherwise);
        other.init(store, password);
        answer = other.getKeyManagers();
      }
    }

    @Override
    protected void engineInit(ManagerFactoryParameters parameters) {
      throw new UnsupportedOperationException("name the key store itself");
    }

    @Override
    protected KeyManager[] engineGetKeyManagers() {
      return answer.clone();
    }
  }
}
