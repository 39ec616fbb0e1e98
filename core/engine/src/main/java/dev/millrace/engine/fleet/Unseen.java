package dev.millrace.engine.fleet;

import dev.millrace.engine.loop.Stillness;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** For how long the workers of machines that this master does not see have been silent. */
final class Unseen {
  private final Duration limit;
  private final Map<String, Stillness> watched = new HashMap<>();

  Unseen(Duration limit) {
    this.limit = limit;
  }

  void keepOnly(Set<String> keys) {
    watched.keySet().retainAll(keys);
  }

  /** Whether the beat has been this one for longer than a worker may be silent. */
  boolean silent(String key, long beat, long nanos) {
    return watched.computeIfAbsent(key, k -> new Stillness()).look(beat, nanos).compareTo(limit)
        >= 0;
  }
}
