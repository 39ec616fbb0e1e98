package dev.millrace.engine.domain;

import java.security.SecureRandom;
import java.time.Clock;
import java.util.UUID;

/**
 * Makes time-ordered ids of version 7 (RFC 9562 section 5.7): 48 bits of Unix milliseconds, then 74
 * random bits. Ids made within one millisecond are not ordered among themselves.
 */
public final class Uuid7 {
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();

  public Uuid7(Clock clock) {
    this.clock = clock;
  }

  /** A new id, stamped with the clock's now. */
  public UUID next() {
    long high = (clock.millis() << 16) | 0x7000L | random.nextInt(1 << 12);
    long low = 0x8000000000000000L | (random.nextLong() >>> 2);
    return new UUID(high, low);
  }

  /**
   * Reads 32 hex digits with or without hyphens; throws IllegalArgumentException for other text.
   */
  public static UUID parse(String text) {
    String hex = text.replace("-", "");
    if (hex.length() != 32 || !hex.chars().allMatch(c -> Character.digit(c, 16) >= 0 && c < 128)) {
      throw new IllegalArgumentException("not an id: expected 32 hexadecimal digits");
    }
    return new UUID(
        Long.parseUnsignedLong(hex.substring(0, 16), 16),
        Long.parseUnsignedLong(hex.substring(16), 16));
  }
}
