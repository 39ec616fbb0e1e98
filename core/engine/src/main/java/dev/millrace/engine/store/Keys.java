package dev.millrace.engine.store;

import java.util.List;

/** Which rows one part of a list has, in their order, and how many rows the whole list has. */
public record Keys<K>(List<K> keys, long total) {
  public Keys {
    keys = List.copyOf(keys);
  }
}
