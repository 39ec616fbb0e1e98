package dev.millrace.engine.store;

import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.WebSession;
import java.time.Instant;
import java.util.Optional;

/** Logins in browsers, by the hash of their cookie. */
public interface WebSessionStore {
  void insert(WebSession session);

  Optional<WebSession> byHash(String hash);

  /** False if there was none. */
  boolean delete(String hash);

  /** Ends every session of a user and returns how many there were. */
  int deleteOf(OwnerId user);

  /** Ends all but the newest {@code kept} sessions of a user. */
  void trim(OwnerId user, int kept);

  /** Removes sessions that expired before that time, at most {@code limit}. */
  int purge(Instant before, int limit);
}
