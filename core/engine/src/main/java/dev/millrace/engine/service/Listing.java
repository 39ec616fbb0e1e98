package dev.millrace.engine.service;

import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Keys;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.Slice;
import dev.millrace.engine.store.Stretch;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/**
 * One part of a list: which rows it has is known, the rows themselves are read a stretch at a time,
 * so that nobody ever holds more of them. Used by one thread.
 */
public final class Listing<T> {
  private final Slice slice;
  private final long total;
  private final int size;
  private final IntFunction<Stretch<T>> reader;
  private int read;

  /**
   * A part with {@code size} rows of the {@code total}; {@code reader} reads on from the row of
   * that index within the part.
   */
  public Listing(Slice slice, long total, int size, IntFunction<Stretch<T>> reader) {
    this.slice = slice;
    this.total = total;
    this.size = size;
    this.reader = reader;
  }

  /** A part whose rows are found by their keys. */
  static <K, T> Listing<T> of(Slice slice, Keys<K> keys, Reader<K, T> reader) {
    List<K> all = keys.keys();
    return new Listing<>(
        slice,
        keys.total(),
        all.size(),
        from -> reader.read(all.subList(from, Math.min(all.size(), from + Stretch.MOST_KEYS))));
  }

  /**
   * The same for an answer that cannot end early: once it was begun, its rows are waited for
   * longer.
   */
  static <K, T> Listing<T> whole(
      Slice slice, Keys<K> keys, Database database, BiFunction<Session, List<K>, Stretch<T>> read) {
    List<K> all = keys.keys();
    return new Listing<>(
        slice,
        keys.total(),
        all.size(),
        from -> {
          List<K> some = all.subList(from, Math.min(all.size(), from + Stretch.MOST_KEYS));
          Database.Work<Stretch<T>> work = session -> read.apply(session, some);
          return from == 0 ? database.list(work) : database.listOn(work);
        });
  }

  /** A list without rows. */
  public static <T> Listing<T> none() {
    return new Listing<>(Slice.first(0), 0, 0, from -> new Stretch<>(List.of(), 0));
  }

  /** How many rows the whole list has. */
  public long total() {
    return total;
  }

  /** Which part was asked for. */
  public Slice slice() {
    return slice;
  }

  /** Where in the whole list the next row is. */
  public int position() {
    return slice.offset() + read;
  }

  /** Whether the part has been read to its end. */
  public boolean ended() {
    return read >= size;
  }

  /** The next rows; none once the part has ended. */
  public List<T> next() {
    List<T> rows = List.of();
    while (rows.isEmpty() && !ended()) {
      Stretch<T> stretch = reader.apply(read);
      read += Math.max(1, stretch.keys());
      rows = stretch.rows();
    }
    return rows;
  }

  /** Reads on to the end. */
  public void forEach(Consumer<? super T> row) {
    while (!ended()) {
      next().forEach(row);
    }
  }

  /** All that is left to read, which must be known to be little. */
  public List<T> rest() {
    List<T> rows = new ArrayList<>();
    forEach(rows::add);
    return rows;
  }

  /** Reads the rows of the first of those keys. */
  @FunctionalInterface
  interface Reader<K, T> {
    Stretch<T> read(List<K> keys);
  }
}
