package dev.millrace.api.http;

import dev.millrace.engine.service.Listing;
import dev.millrace.engine.store.DatabaseUnavailable;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rows as clients see them, written as a JSON array while they are read: of however many, only one
 * stretch is in memory. The first stretch is read at once, so that what fails early fails with a
 * status.
 */
public final class Items<V> {
  private static final Logger log = LoggerFactory.getLogger(Items.class);

  private final Listing<?> listing;
  private final Reader<V> reader;
  private List<V> ahead;

  <T> Items(Listing<T> listing, Function<? super T, V> view) {
    this.listing = listing;
    this.reader = () -> listing.next().stream().<V>map(view).toList();
    this.ahead = reader.next();
  }

  /** How many rows the whole list has. */
  public long total() {
    return listing.total();
  }

  /** Where in the whole list the first row is that was not written. */
  int position() {
    return listing.position();
  }

  /** Writes all of them. Fails, and leaves the answer broken off, where one cannot be read. */
  public void write(JsonStream out) throws IOException {
    write(out, false);
  }

  /**
   * Writes them until the answer is full. Where the database does not give more it ends there, as
   * if it were.
   */
  void writeSome(JsonStream out) throws IOException {
    write(out, true);
  }

  private void write(JsonStream out, boolean mayEnd) throws IOException {
    out.beginArray();
    while (!ahead.isEmpty()) {
      for (V row : ahead) {
        out.value(row);
      }
      ahead = List.of();
      if (listing.ended() || (mayEnd && out.full())) {
        break;
      }
      try {
        ahead = reader.next();
      } catch (DatabaseUnavailable e) {
        if (!mayEnd) {
          throw e;
        }
        log.warn("api=list-cut at={} reason=\"{}\"", listing.position(), e.getMessage());
      }
    }
    out.endArray();
  }

  /** Reads the next rows. */
  @FunctionalInterface
  private interface Reader<V> {
    List<V> next();
  }
}
