package dev.millrace.persistence;

import dev.millrace.engine.store.Stretch;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import org.hibernate.StatelessSession;

/**
 * Reads rows by their keys, as many as do not have too many characters.
 *
 * @param from {@code Execution e …}, with which rows are found
 * @param id the key
 * @param characters how long the texts of a row are
 * @param select what is read of a row
 */
record Stretches(String from, String id, String characters, String select) {
  <R, T> Stretch<T> read(
      StatelessSession session,
      List<UUID> keys,
      Class<R> type,
      Function<R, UUID> key,
      Function<R, T> value) {
    List<UUID> some = fitting(session, keys);
    if (some.isEmpty()) {
      return new Stretch<>(List.of(), keys.size());
    }
    Map<UUID, R> rows = new HashMap<>();
    session
        .createSelectionQuery(query(select), type)
        .setParameter("keys", some)
        .getResultList()
        .forEach(row -> rows.put(key.apply(row), row));
    return new Stretch<>(
        some.stream().map(rows::get).filter(Objects::nonNull).map(value).toList(), some.size());
  }

  private List<UUID> fitting(StatelessSession session, List<UUID> keys) {
    List<UUID> some = keys.subList(0, Math.min(keys.size(), Stretch.MOST_KEYS));
    if (some.isEmpty()) {
      return some;
    }
    Map<UUID, Long> lengths = new HashMap<>();
    session
        .createSelectionQuery(query(id + ", " + characters), Object[].class)
        .setParameter("keys", some)
        .getResultList()
        .forEach(row -> lengths.put((UUID) row[0], ((Number) row[1]).longValue()));
    long sum = 0;
    for (int i = 0; i < some.size(); i++) {
      sum += lengths.getOrDefault(some.get(i), 0L);
      if (i > 0 && sum > Stretch.MOST_CHARACTERS) {
        return some.subList(0, i);
      }
    }
    return some;
  }

  private String query(String selected) {
    return "select " + selected + " from " + from + " where " + id + " in :keys";
  }
}
