package dev.millrace.worker.run;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;

/**
 * Overwrites the values of secret variables with asterisks. Lengths and line ends stay, so that an
 * offset in the raw file is the offset in the log.
 */
final class SecretMask {
  static final int SHORTEST = 8;

  private final List<byte[]> secrets;
  private final int longest;

  SecretMask(Collection<String> values) {
    this.secrets =
        values.stream()
            .filter(v -> v.length() >= SHORTEST)
            .distinct()
            .map(v -> v.getBytes(StandardCharsets.UTF_8))
            .toList();
    this.longest = secrets.stream().mapToInt(s -> s.length).max().orElse(0);
  }

  /** Bytes on either side of a part that decide how it is masked. */
  int context() {
    return Math.max(0, longest - 1);
  }

  /** Masks every whole occurrence in the bytes. */
  void apply(byte[] bytes) {
    if (secrets.isEmpty()) {
      return;
    }
    byte[] original = bytes.clone();
    for (byte[] secret : secrets) {
      for (int i = find(original, secret, 0); i >= 0; i = find(original, secret, i + 1)) {
        for (int j = i; j < i + secret.length; j++) {
          if (bytes[j] != '\n' && bytes[j] != '\r') {
            bytes[j] = '*';
          }
        }
      }
    }
  }

  /** How many bytes at the end may be the beginning of a secret whose rest is yet to come. */
  int heldBack(byte[] bytes) {
    int held = 0;
    for (byte[] secret : secrets) {
      for (int length = Math.min(secret.length - 1, bytes.length); length > held; length--) {
        if (endsWith(bytes, secret, length)) {
          held = length;
          break;
        }
      }
    }
    return held;
  }

  private static boolean endsWith(byte[] bytes, byte[] secret, int length) {
    for (int i = 0; i < length; i++) {
      if (bytes[bytes.length - length + i] != secret[i]) {
        return false;
      }
    }
    return true;
  }

  private static int find(byte[] bytes, byte[] wanted, int from) {
    int last = bytes.length - wanted.length;
    outer:
    for (int i = from; i <= last; i++) {
      if (bytes[i] != wanted[0]) {
        continue;
      }
      for (int j = 1; j < wanted.length; j++) {
        if (bytes[i + j] != wanted[j]) {
          continue outer;
        }
      }
      return i;
    }
    return -1;
  }
}
