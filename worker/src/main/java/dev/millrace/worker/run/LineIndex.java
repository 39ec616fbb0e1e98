package dev.millrace.worker.run;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** Where the lines of a file are that speak of the same thing, in 20 bytes for each. */
final class LineIndex {
  /** Lines that are held; 100,000 outputs with one each is what must work. */
  static final int MOST = 500_000;

  private long[] prints = new long[64];
  private long[] places = new long[64];
  private int[] before = new int[64];
  private int[] heads = new int[128];
  private int count;

  /** Where a line is. */
  record Place(long offset, int length) {}

  LineIndex() {
    Arrays.fill(heads, -1);
  }

  /** Adds a line of at most 1 MiB in a file of at most 1 TiB; false where there are too many. */
  boolean add(long print, long offset, int length) {
    if (count == MOST) {
      return false;
    }
    if (count == prints.length) {
      grow();
    }
    prints[count] = print;
    places[count] = offset << 21 | length;
    link(count);
    count++;
    return true;
  }

  private void link(int line) {
    int slot = (int) prints[line] & heads.length - 1;
    before[line] = heads[slot];
    heads[slot] = line;
  }

  private void grow() {
    int more = count * 2;
    prints = Arrays.copyOf(prints, more);
    places = Arrays.copyOf(places, more);
    before = Arrays.copyOf(before, more);
    heads = new int[more * 2];
    Arrays.fill(heads, -1);
    for (int i = 0; i < count; i++) {
      link(i);
    }
  }

  /** The lines of one fingerprint, in the order of the file. */
  List<Place> of(long print) {
    List<Place> found = new ArrayList<>();
    for (int i = heads[(int) print & heads.length - 1]; i >= 0; i = before[i]) {
      if (prints[i] == print) {
        found.add(new Place(places[i] >> 21, (int) (places[i] & (1 << 21) - 1)));
      }
    }
    Collections.reverse(found);
    return found;
  }
}
