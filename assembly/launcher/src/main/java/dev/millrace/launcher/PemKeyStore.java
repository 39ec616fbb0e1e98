package dev.millrace.launcher;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.util.HexFormat;

/**
 * The operator's PEM files in the one form that Jetty reads, under a password made for this start.
 */
final class PemKeyStore {
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
  static PemKeyStore write(PemIdentity identity, Path target) throws Refusal {
    byte[] random = new byte[24];
    new SecureRandom().nextBytes(random);
    String password = HexFormat.of().formatHex(random);
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry(
          PemKeys.ALIAS,
          identity.key(),
          password.toCharArray(),
          identity.chain().toArray(Certificate[]::new));
      Files.deleteIfExists(target);
      Files.createFile(
          target,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      try (OutputStream out = Files.newOutputStream(target, StandardOpenOption.WRITE)) {
        store.store(out, password.toCharArray());
      }
      return new PemKeyStore(target, password);
    } catch (IOException | GeneralSecurityException e) {
      throw new Refusal("The key store " + target + " cannot be written: " + e + ".");
    }
  }
}
