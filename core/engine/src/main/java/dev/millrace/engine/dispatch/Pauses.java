package dev.millrace.engine.dispatch;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/** For how long something that did not work is left alone: 1 s, doubled up to 15 s. */
final class Pauses<K> {
  private static final Duration FIRST = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofSeconds(15);
  private static final Duration FORGOTTEN = Duration.ofMinutes(5);
  private static final int MOST_KEPT = 20_000;

  private record Pause(int failures, long until) {}

  private final LongSupplier nanos;
  private final Map<K, Pause> pauses = new LinkedHashMap<>();

  Pauses(LongSupplier nanos) {
    this.nanos = nanos;
  }

  synchronized boolean over(K key) {
    Pause pause = pauses.get(key);
    return pause == null || pause.until() - nanos.getAsLong() <= 0;
  }

  /** The shortest pause again. */
  synchronized void shortly(K key) {
    put(key, new Pause(0, nanos.getAsLong() + FIRST.toNanos()));
  }

  /** A longer pause than the one before; true if there was none before. */
  synchronized boolean longer(K key) {
    Pause before = pauses.get(key);
    int failures = before == null ? 0 : before.failures() + 1;
    long pause = Math.min(LONGEST.toNanos(), FIRST.toNanos() << Math.min(failures, 10));
    put(key, new Pause(failures, nanos.getAsLong() + pause));
    return before == null;
  }

  /** What is left alone now. Forgets what nobody has tried again for long. */
  synchronized List<K> paused() {
    long now = nanos.getAsLong();
    pauses.values().removeIf(pause -> now - pause.until() > FORGOTTEN.toNanos());
    return pauses.entrySet().stream()
        .filter(one -> one.getValue().until() - now > 0)
        .map(Map.Entry::getKey)
        .toList();
  }

  synchronized void none(K key) {
    pauses.remove(key);
  }

  private void put(K key, Pause pause) {
    pauses.remove(key);
    pauses.put(key, pause);
    if (pauses.size() > MOST_KEPT) {
      pauses.remove(pauses.keySet().iterator().next());
    }
  }
}
