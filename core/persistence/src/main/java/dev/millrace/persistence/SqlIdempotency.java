package dev.millrace.persistence;

import dev.millrace.engine.domain.IdempotencyKey;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.store.IdempotencyStore;
import java.time.Instant;
import java.util.Optional;
import org.hibernate.StatelessSession;

/** Keys of requests. The unique key makes the second of two transactions wait for the first. */
final class SqlIdempotency implements IdempotencyStore {
  private final Jdbc jdbc;

  SqlIdempotency(StatelessSession session) {
    this.jdbc = new Jdbc(session);
  }

  @Override
  public Optional<Use> take(
      OwnerId actor, IdempotencyKey key, String subject, Instant now, Instant expired) {
    jdbc.change(
        "delete from idempotency where actor_id = ? and key_text = ? and taken_at < ?",
        actor.value(),
        key.text(),
        expired);
    boolean taken =
        jdbc.insert(
            "insert into idempotency (actor_id, key_text, fingerprint, subject, taken_at)"
                + " values (?, ?, ?, ?, ?)",
            actor.value(),
            key.text(),
            key.fingerprint(),
            subject,
            now);
    return taken
        ? Optional.empty()
        : jdbc.first(
            row -> new Use(row.getString(1), row.getString(2)),
            "select fingerprint, subject from idempotency where actor_id = ? and key_text = ?",
            actor.value(),
            key.text());
  }

  @Override
  public int purge(Instant before, int limit) {
    return jdbc.change("delete from idempotency where taken_at < ? limit ?", before, limit);
  }
}
