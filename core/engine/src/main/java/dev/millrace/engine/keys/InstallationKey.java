package dev.millrace.engine.keys;

import dev.millrace.engine.domain.Sealed;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.settings.Settings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * The 256-bit key of this installation, from {@code MILLRACE_KEY_FILE} or {@code
 * <data>/installation.key} (mode 0600, made at the first start). Separate keys for sealing and
 * signing are derived from it, so that one use never weakens another.
 */
@Component(service = InstallationKey.class)
public final class InstallationKey {
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;

  private final SecureRandom random = new SecureRandom();
  private final SecretKeySpec sealing;
  private final SecretKeySpec signing;

  @Activate
  public InstallationKey(@Reference Settings settings) {
    this(
        read(
            settings
                .text("millrace.key.file")
                .map(Path::of)
                .orElse(settings.data().resolve("installation.key"))));
  }

  /** Takes 32 bytes. */
  public InstallationKey(byte[] key) {
    if (key.length != 32) {
      throw new IllegalArgumentException(
          "the installation key must have 32 bytes, this one has " + key.length);
    }
    SecretKeySpec root = new SecretKeySpec(key, "HmacSHA256");
    this.sealing = new SecretKeySpec(hmac(root, "millrace seal v1"), "AES");
    this.signing = new SecretKeySpec(hmac(root, "millrace sign v1"), "HmacSHA256");
  }

  /**
   * Encrypts for the database. {@code context} (for example a row's id) must be given again to
   * unseal.
   */
  public Sealed seal(Secret secret, String context) {
    byte[] nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    byte[] body =
        crypt(
            Cipher.ENCRYPT_MODE, nonce, secret.reveal().getBytes(StandardCharsets.UTF_8), context);
    byte[] all = Arrays.copyOf(nonce, NONCE_BYTES + body.length);
    System.arraycopy(body, 0, all, NONCE_BYTES, body.length);
    return new Sealed(Base64.getEncoder().encodeToString(all));
  }

  /**
   * Decrypts; throws IllegalStateException if the text was altered, or sealed under another key or
   * context.
   */
  public Secret unseal(Sealed sealed, String context) {
    byte[] all = Base64.getDecoder().decode(sealed.text());
    byte[] nonce = Arrays.copyOf(all, NONCE_BYTES);
    byte[] body = Arrays.copyOfRange(all, NONCE_BYTES, all.length);
    return Secret.of(
        new String(crypt(Cipher.DECRYPT_MODE, nonce, body, context), StandardCharsets.UTF_8));
  }

  /**
   * HMAC-SHA256 over purpose and text, base64url without padding. The same input always gives the
   * same text.
   */
  public String sign(String purpose, String text) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(hmac(signing, purpose + '\n' + text));
  }

  /** Compares in constant time. */
  public boolean verify(String purpose, String text, String signature) {
    return MessageDigest.isEqual(
        sign(purpose, text).getBytes(StandardCharsets.US_ASCII),
        signature.getBytes(StandardCharsets.UTF_8));
  }

  /** A new token of 256 random bits, base64url. */
  public Secret newToken() {
    byte[] bytes = new byte[32];
    random.nextBytes(bytes);
    return Secret.of(Base64.getUrlEncoder().withoutPadding().encodeToString(bytes));
  }

  /** How tokens are kept: SHA-256 in hex. Enough, because a token has 256 random bits. */
  public static String hash(Secret token) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of()
          .formatHex(digest.digest(token.reveal().getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private byte[] crypt(int mode, byte[] nonce, byte[] bytes, String context) {
    try {
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      cipher.init(mode, sealing, new GCMParameterSpec(TAG_BITS, nonce));
      cipher.updateAAD(context.getBytes(StandardCharsets.UTF_8));
      return cipher.doFinal(bytes);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(
          "a stored secret cannot be read: it was altered or sealed under another installation key",
          e);
    }
  }

  private static byte[] hmac(SecretKeySpec key, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(key);
      return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] read(Path file) {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      try {
        Files.createFile(
            file,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        byte[] key = new byte[32];
        new SecureRandom().nextBytes(key);
        Files.writeString(file, Base64.getEncoder().encodeToString(key) + '\n');
        return key;
      } catch (FileAlreadyExistsException e) {
        return Base64.getDecoder().decode(Files.readString(file).trim());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read or make the installation key " + file, e);
    }
  }
}
