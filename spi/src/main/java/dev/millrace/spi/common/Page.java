package dev.millrace.spi.common;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A part of a list, and where the next part begins. A page may be empty although there is a next
 * one; the list ends where {@code next} is empty.
 */
public record Page<T>(List<T> items, Optional<Cursor> next) {

  /** A place in a list. Only the plugin that made the token can read it. */
  public record Cursor(String token) {
    /** The beginning of every list. */
    public static final Cursor START = new Cursor("");

    public Cursor {
      Objects.requireNonNull(token, "token");
    }
  }

  public Page {
    items = List.copyOf(items);
    Objects.requireNonNull(next, "next");
  }

  /** The last page of a list. */
  public static <T> Page<T> last(List<T> items) {
    return new Page<>(items, Optional.empty());
  }
}
