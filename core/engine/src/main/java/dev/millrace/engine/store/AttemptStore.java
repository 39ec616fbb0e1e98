package dev.millrace.engine.store;

import java.time.Instant;

/** Failed logins, counted per key; a key names an account or an address. */
public interface AttemptStore {
  void add(String key, Instant at);

  long count(String key, Instant since);

  /** Takes one attempt back. */
  void remove(String key, Instant at);

  void clear(String key);

  int purge(Instant before, int limit);
}
