package dev.millrace.engine.service;

import dev.millrace.engine.domain.Secret;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.concurrent.Semaphore;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/**
 * Hashes passwords with PBKDF2-HMAC-SHA512 and 210,000 rounds, as OWASP advises. The text names
 * algorithm and rounds, so that a later release may ask for more. At most two hashes are worked out
 * at once: guessing must not take the machine.
 */
@Component(service = Passwords.class)
public final class Passwords {
  /** A password has at least that many characters. */
  public static final int SHORTEST = 10;

  private static final String SCHEME = "pbkdf2-sha512";
  private static final String ALGORITHM = "PBKDF2WithHmacSHA512";
  private static final int SALT_BYTES = 16;
  private static final int HASH_BITS = 512;
  private static final int LONGEST = 1000;
  private static final String ALPHABET =
      "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";

  private final SecureRandom random = new SecureRandom();
  private final Semaphore permits = new Semaphore(2, true);
  private final int rounds;
  private final String nobody;

  @Activate
  public Passwords() {
    this(210_000);
  }

  Passwords(int rounds) {
    this.rounds = rounds;
    // Its hash is no password's: checking against it takes as long as against a real one.
    this.nobody = text(rounds, randomBytes(SALT_BYTES), randomBytes(HASH_BITS / 8));
  }

  /** The text to keep for a password. */
  public String hash(Secret password) {
    byte[] salt = randomBytes(SALT_BYTES);
    return text(rounds, salt, derive(password, salt, rounds));
  }

  /** Whether the password is the one that was hashed. */
  public boolean matches(Secret password, String stored) {
    String[] parts = stored.split("\\$", -1);
    if (parts.length != 4 || !parts[0].equals(SCHEME)) {
      throw new IllegalStateException("a stored password has an unknown form");
    }
    Base64.Decoder base64 = Base64.getDecoder();
    byte[] derived = derive(password, base64.decode(parts[2]), Integer.parseInt(parts[1]));
    return MessageDigest.isEqual(derived, base64.decode(parts[3]));
  }

  /** Takes as long as {@link #matches}, for a user who does not exist. */
  public void matchesNobody(Secret password) {
    matches(password, nobody);
  }

  /** Notes what is wrong with a new password. */
  public void check(Problems problems, Secret password) {
    String text = password.reveal();
    problems.check(
        text.length() >= SHORTEST,
        "password",
        "A password needs at least " + SHORTEST + " characters",
        "password_too_short");
    problems.check(
        text.length() <= LONGEST,
        "password",
        "A password has at most " + LONGEST + " characters",
        "max_length");
  }

  /** A random password of 24 letters and digits that are not mistaken for each other: 139 bits. */
  public Secret generate() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 24; i++) {
      text.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
    }
    return Secret.of(text.toString());
  }

  private byte[] derive(Secret password, byte[] salt, int count) {
    String text = password.reveal();
    // A password over the limit was never stored; it is cut so that its length costs nothing.
    PBEKeySpec spec =
        new PBEKeySpec(
            text.substring(0, Math.min(text.length(), LONGEST + 1)).toCharArray(),
            salt,
            count,
            HASH_BITS);
    permits.acquireUninterruptibly();
    try {
      return SecretKeyFactory.getInstance(ALGORITHM).generateSecret(spec).getEncoded();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime has no " + ALGORITHM, e);
    } finally {
      permits.release();
      spec.clearPassword();
    }
  }

  private byte[] randomBytes(int count) {
    byte[] bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }

  private static String text(int rounds, byte[] salt, byte[] hash) {
    Base64.Encoder base64 = Base64.getEncoder();
    return SCHEME
        + "$"
        + rounds
        + "$"
        + base64.encodeToString(salt)
        + "$"
        + base64.encodeToString(hash);
  }
}
