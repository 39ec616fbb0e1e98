package dev.millrace.persistence;

import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.WebSession;
import dev.millrace.engine.store.WebSessionStore;
import java.time.Instant;
import java.util.Optional;
import org.hibernate.StatelessSession;

/** Logins in browsers. */
final class SqlWebSessions implements WebSessionStore {
  private final Jdbc jdbc;

  SqlWebSessions(StatelessSession session) {
    this.jdbc = new Jdbc(session);
  }

  @Override
  public void insert(WebSession session) {
    jdbc.change(
        "insert into web_session (cookie_hash, user_id, address, created_at, expires_at)"
            + " values (?, ?, ?, ?, ?)",
        session.hash(),
        session.user().value(),
        session.address(),
        session.createdAt(),
        session.expiresAt());
  }

  @Override
  public Optional<WebSession> byHash(String hash) {
    return jdbc.first(
        row ->
            new WebSession(
                hash,
                new OwnerId(row.getInt(1)),
                row.getString(2),
                Micros.time(row.getLong(3)),
                Micros.time(row.getLong(4))),
        "select user_id, address, created_at, expires_at from web_session where cookie_hash = ?",
        hash);
  }

  @Override
  public boolean delete(String hash) {
    return jdbc.change("delete from web_session where cookie_hash = ?", hash) == 1;
  }

  @Override
  public int deleteOf(OwnerId user) {
    return jdbc.change("delete from web_session where user_id = ?", user.value());
  }

  @Override
  public void trim(OwnerId user, int kept) {
    jdbc.list(
            row -> row.getString(1),
            "select cookie_hash from web_session where user_id = ?"
                + " order by created_at desc, cookie_hash limit 1000 offset ?",
            user.value(),
            kept)
        .forEach(this::delete);
  }

  @Override
  public int purge(Instant before, int limit) {
    return jdbc.change("delete from web_session where expires_at < ? limit ?", before, limit);
  }
}
