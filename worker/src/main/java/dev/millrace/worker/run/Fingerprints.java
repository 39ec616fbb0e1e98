package dev.millrace.worker.run;

import dev.millrace.worker.transfer.Hashes;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A set of texts of which only 64 bits each are held: those of a cryptographic hash. */
final class Fingerprints {
  private long[] table = new long[1_024];
  private int size;

  /** The fingerprint of a text; never 0. */
  static long of(String text) {
    byte[] hash = Hashes.digest("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    long bits = 0;
    for (int i = 0; i < Long.BYTES; i++) {
      bits = bits << 8 | hash[i] & 0xff;
    }
    return bits == 0 ? 1 : bits;
  }

  void add(long print) {
    if (size * 4L > table.length * 3L) {
      long[] old = table;
      table = new long[old.length * 2];
      Arrays.stream(old).filter(one -> one != 0).forEach(this::put);
    }
    if (put(print)) {
      size++;
    }
  }

  private boolean put(long print) {
    int at = slot(print);
    boolean isNew = table[at] == 0;
    table[at] = print;
    return isNew;
  }

  boolean has(long print) {
    return table[slot(print)] != 0;
  }

  private int slot(long print) {
    int at = (int) print & table.length - 1;
    while (table[at] != 0 && table[at] != print) {
      at = at + 1 & table.length - 1;
    }
    return at;
  }
}
