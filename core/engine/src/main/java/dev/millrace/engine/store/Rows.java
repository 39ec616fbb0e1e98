package dev.millrace.engine.store;

import java.util.List;

/** Part of a list, and how many rows the whole list has. */
public record Rows<T>(List<T> items, long total) {
  public Rows {
    items = List.copyOf(items);
  }
}
