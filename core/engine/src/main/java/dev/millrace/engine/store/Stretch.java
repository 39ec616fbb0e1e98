package dev.millrace.engine.store;

import java.util.List;
import java.util.function.Function;

/**
 * As many rows of a list as were read at once.
 *
 * @param keys how many of the keys that were asked for these rows stand for; rows that were removed
 *     meanwhile are left out
 */
public record Stretch<T>(List<T> rows, int keys) {
  /** At most so many keys are read at once. */
  public static final int MOST_KEYS = 100;

  /** Rows are read until they have so many characters, but at least one is. */
  public static final int MOST_CHARACTERS = 256 << 10;

  public Stretch {
    rows = List.copyOf(rows);
  }

  public <V> Stretch<V> map(Function<? super T, ? extends V> view) {
    return new Stretch<>(rows.stream().<V>map(view).toList(), keys);
  }
}
