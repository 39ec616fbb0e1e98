package dev.millrace.persistence;

import dev.millrace.engine.store.AttemptStore;
import java.time.Instant;
import org.hibernate.StatelessSession;

/** Failed logins. */
final class SqlAttempts implements AttemptStore {
  private final Jdbc jdbc;

  SqlAttempts(StatelessSession session) {
    this.jdbc = new Jdbc(session);
  }

  @Override
  public void add(String key, Instant at) {
    jdbc.change("insert into login_attempt (attempt_key, attempted_at) values (?, ?)", key, at);
  }

  @Override
  public long count(String key, Instant since) {
    return jdbc.first(
            row -> row.getLong(1),
            "select count(*) from login_attempt where attempt_key = ? and attempted_at >= ?",
            key,
            since)
        .orElse(0L);
  }

  @Override
  public void remove(String key, Instant at) {
    jdbc.change(
        "delete from login_attempt where attempt_key = ? and attempted_at = ? limit 1", key, at);
  }

  @Override
  public void clear(String key) {
    jdbc.change("delete from login_attempt where attempt_key = ?", key);
  }

  @Override
  public int purge(Instant before, int limit) {
    return jdbc.change("delete from login_attempt where attempted_at < ? limit ?", before, limit);
  }
}
