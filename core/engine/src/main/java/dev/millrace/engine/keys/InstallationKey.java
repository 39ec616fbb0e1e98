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
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The 256-bit key of this installation, from {@code MILLRACE_KEY_FILE} or {@code
 * <data>/installation.key} (mode 0600, made at the first start). Separate keys for sealing and
 * signing are derived from it, so that one use never weakens another. The file may hold older keys
 * on further lines: what they sealed or signed is still accepted, and nothing new is made with
 * them.
 */
@Component(service = InstallationKey.class)
public final class InstallationKey {
  private static final Logger log = LoggerFactory.getLogger(InstallationKey.class);
  private static final int KEY_BYTES = 32;
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;

  private final SecureRandom random = new SecureRandom();
  private final List<Derived> keys;

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
    this(List.of(key));
  }

  private InstallationKey(List<byte[]> keys) {
    this.keys = keys.stream().map(Derived::of).toList();
  }

  /**
   * Encrypts for the database. {@code context} (for example a row's id) must be given again to
   * unseal.
   */
  public Sealed seal(Secret secret, String context) {
    byte[] nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    byte[] body =
        keys.get(0)
            .crypt(
                Cipher.ENCRYPT_MODE,
                nonce,
                secret.reveal().getBytes(StandardCharsets.UTF_8),
                context);
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
    IllegalStateException unreadable = null;
    for (Derived key : keys) {
      try {
        return Secret.of(
            new String(
                key.crypt(Cipher.DECRYPT_MODE, nonce, body, context), StandardCharsets.UTF_8));
      } catch (IllegalStateException e) {
        unreadable = e;
      }
    }
    throw Objects.requireNonNull(unreadable);
  }

  /** The same secret for another row. */
  public Sealed reseal(Sealed sealed, String from, String to) {
    return seal(unseal(sealed, from), to);
  }

  /**
   * HMAC-SHA256 over purpose and text, base64url without padding. The same input always gives the
   * same text.
   */
  public String sign(String purpose, String text) {
    return keys.get(0).sign(purpose, text);
  }

  /** Compares in constant time. */
  public boolean verify(String purpose, String text, String signature) {
    byte[] given = signature.getBytes(StandardCharsets.UTF_8);
    boolean right = false;
    for (Derived key : keys) {
      right |=
          MessageDigest.isEqual(key.sign(purpose, text).getBytes(StandardCharsets.US_ASCII), given);
    }
    return right;
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

  /** What one key is used for. */
  private record Derived(SecretKeySpec sealing, SecretKeySpec signing) {
    static Derived of(byte[] key) {
      if (key.length != KEY_BYTES) {
        throw new IllegalArgumentException(
            "the installation key must have 32 bytes, this one has " + key.length);
      }
      SecretKeySpec root = new SecretKeySpec(key, "HmacSHA256");
      return new Derived(
          new SecretKeySpec(hmac(root, "millrace seal v1"), "AES"),
          new SecretKeySpec(hmac(root, "millrace sign v1"), "HmacSHA256"));
    }

    String sign(String purpose, String text) {
      return Base64.getUrlEncoder()
          .withoutPadding()
          .encodeToString(hmac(signing, purpose + '\n' + text));
    }

    byte[] crypt(int mode, byte[] nonce, byte[] bytes, String context) {
      try {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, sealing, new GCMParameterSpec(TAG_BITS, nonce));
        cipher.updateAAD(context.getBytes(StandardCharsets.UTF_8));
        return cipher.doFinal(bytes);
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(
            "a stored secret cannot be read: it was altered or sealed under another installation"
                + " key",
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
  }

  private static List<byte[]> read(Path file) {
    try {
      if (!Files.exists(file)) {
        make(file);
      }
      return parse(file, Files.readString(file, StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot read or make the installation key "
              + file
              + ": "
              + e.getMessage()
              + "; give the user that runs Millrace the right to, or set MILLRACE_KEY_FILE",
          e);
    }
  }

  /** The name appears with the whole key behind it or not at all; of two masters one makes it. */
  private static void make(Path file) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    // A random name: masters on several machines may share the folder.
    Path unfinished = file.resolveSibling(file.getFileName() + "." + UUID.randomUUID() + ".new");
    byte[] key = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(key);
    PrivateFile.write(unfinished, Base64.getEncoder().encodeToString(key) + '\n');
    try {
      PrivateFile.link(unfinished, file);
    } catch (FileAlreadyExistsException e) {
      log.info("installation-key=shared file={} reason=\"another master made it\"", file);
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }

  private static List<byte[]> parse(Path file, String text) {
    List<String> lines = text.lines().map(String::trim).filter(l -> !l.isEmpty()).toList();
    List<byte[]> keys = new ArrayList<>();
    for (String line : lines) {
      byte[] key;
      try {
        key = Base64.getDecoder().decode(line);
      } catch (IllegalArgumentException e) {
        key = new byte[0];
      }
      if (key.length == KEY_BYTES) {
        keys.add(key);
      }
    }
    if (keys.isEmpty() || keys.size() != lines.size()) {
      throw new IllegalStateException(
          "the installation key "
              + file
              + " is "
              + (lines.isEmpty() ? "empty" : "damaged")
              + " (each line must be 32 bytes in base64): put it back from a backup. Without it the"
              + " stored secrets are lost; to go on without them, remove the file, and the next"
              + " start makes a new key");
    }
    return keys;
  }
}
